"""Handlers that wait, for a thread that has many of them."""
import contextvars
import queue
import sys
import threading
import time

own = threading.local()
variable = contextvars.ContextVar('variable', default='new')
event = threading.Event()
lines = queue.Queue()
lock = threading.RLock()
inside = []
sleeping = 0
most = 0
ended = []


def together():
    """How many have slept at the same time: it waits until all have come."""
    global sleeping, most
    sleeping += 1
    most = max(most, sleeping)
    while most < 100:
        time.sleep(0.05)
    return most


def of_its_own(name):
    before = getattr(own, 'name', variable.get())
    own.name = name
    variable.set(name)
    try:
        raise ValueError(name)
    except ValueError:
        deep(30)
        same = [own.name, variable.get(), sys.exc_info()[1].args[0]] == [name] * 3
    return '%s %s %s' % (before, own.name, same)


def deep(depth):
    if depth:
        deep(depth - 1)
    else:
        time.sleep(0.1)


def locked(name):
    with lock, lock:
        inside.append(name)
        time.sleep(0.02)
        return inside.pop() == name and not inside


def reads(body):
    try:
        return len(body.read())
    except OSError as error:
        ended.append(type(error).__name__)
        raise


def endless():
    try:
        while True:
            yield bytes(65536)
    finally:
        ended.append('endless')


def forever():
    try:
        time.sleep(1000)
    finally:
        print('finally')


def busy():
    while True:
        pass


def application(environ, start_response):
    path, query = environ['PATH_INFO'], environ['QUERY_STRING']
    socket = environ.get('wsgi.websocket')
    if socket is not None:
        if path == '/chat':
            socket.subscribe('chat')
        for message in socket:
            socket.publish('chat', message) if path == '/chat' else socket.send(message)
        return []
    if path == '/together':
        answer = together()
    elif path == '/own':
        answer = of_its_own(query)
    elif path == '/event':
        answer = event.wait(60)
    elif path == '/set':
        event.set()
        answer = 'set'
    elif path == '/queue':
        answer = lines.get(timeout=60)
    elif path == '/put':
        lines.put(query)
        answer = 'put'
    elif path == '/locked':
        answer = locked(query)
    elif path == '/body':
        answer = reads(environ['wsgi.input'])
    elif path == '/ended':
        answer = ' '.join(sorted(ended))
    elif path == '/endless':
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return endless()
    elif path == '/forever':
        answer = forever()
    elif path == '/busy':
        answer = busy()
    elif path == '/exit':
        sys.exit(1)
    else:
        answer = 'hello'
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [str(answer).encode()]
