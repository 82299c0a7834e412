"""What clients of the specs of rooms ask for, by paths and messages: spec/server/topics/site.ts in Python."""
import os
import threading
from urllib.parse import unquote
from wsgiref.validate import validator

from wsgi_gateway import rooms
from wsocket import publish, subscribe

PLAIN = [('Content-Type', 'text/plain')]


def payload(word):
    return bytes.fromhex(word[2:]) if word.startswith('0x') else word


def act(websocket, asked):
    verb, _, rest = asked.partition(' ')
    topic, _, message = rest.partition(' ')
    message = payload(message)
    if verb == 'join':
        websocket.subscribe(topic)
    if verb == 'leave':
        websocket.unsubscribe(topic)
    if verb == 'others':
        websocket.publish(topic, message)
    if verb == 'all':
        publish(topic, message)


def chat(environ, start_response):
    websocket = environ['wsgi.websocket']
    for message in websocket:
        act(websocket, message)
        websocket.send(str(os.getpid()) if message == 'pid' else 'done ' + message[:30])
    return []


def topic_of(environ):
    return unquote(environ['QUERY_STRING'])


def published(environ, start_response):
    publish(topic_of(environ), payload(environ['wsgi.input'].read(int(environ['CONTENT_LENGTH'])).decode()))
    start_response('200 OK', PLAIN)
    return [b'published']


def beside(environ, start_response):
    """Published by a thread of the application."""
    thread = threading.Thread(target=rooms.publish, args=(topic_of(environ), 'text'))
    thread.start()
    thread.join()
    publish_bytes = threading.Thread(target=rooms.publish, args=(topic_of(environ), b'\0\xff'))
    publish_bytes.start()
    publish_bytes.join()
    start_response('200 OK', PLAIN)
    return [b'published']


def poll(environ, start_response):
    topic, _, timeout = topic_of(environ).partition('|')
    message = next(subscribe(topic, timeout=timeout or None), 'ended')
    start_response('200 OK', PLAIN)
    return [message.encode()]


def events(environ, start_response):
    messages = subscribe(topic_of(environ))
    start_response('200 OK', PLAIN)
    yield b'begun\n'
    for message in messages:
        if message == 'break':
            break
        yield b'%b\n' % (message.encode() if isinstance(message, str) else message)
    yield b'left\n'
    # Until the client says so, nothing is left of the subscription.
    for message in subscribe('end'):
        break
    yield b'ended\n'


def refusals(environ, start_response):
    found = []
    for call in (
        lambda: publish('all*', 'x'),
        lambda: publish('', 'x'),
        lambda: publish('all', 7),
        lambda: subscribe('x' * 1025),
        lambda: subscribe('\ud800'),
        lambda: subscribe('all', timeout=-1),
    ):
        try:
            call()
        except (TypeError, ValueError) as error:
            found.append('%s: %s' % (type(error).__name__, error))
    start_response('200 OK', PLAIN)
    return ['\n'.join(found).encode()]


def slow(environ, start_response):
    """Falls behind until it is told to read."""
    messages = subscribe('flood')
    start_response('200 OK', PLAIN)
    yield b'begun\n'
    for message in subscribe('read'):
        break
    try:
        for message in messages:
            pass
    except OSError as error:
        yield b'%b %d\n' % (type(error).__name__.encode(), error.status)


@validator
def pages(environ, start_response):
    page = {
        '/publish': published,
        '/beside': beside,
        '/poll': poll,
        '/events': events,
        '/refusals': refusals,
        '/slow': slow,
    }.get(environ['PATH_INFO'])
    return page(environ, start_response)


def application(environ, start_response):
    return chat(environ, start_response) if 'wsgi.websocket' in environ else pages(environ, start_response)
