"""WebSockets that go on for long: messages that come before they are asked for, and clients that are slow, leave, or close."""
import threading
import time

from wsgi_gateway.errors import ReceiveTimeout, WebSocketError

# What handlers have seen, for those that ask later.
SEEN = []


def echo(websocket):
    for message in websocket:
        websocket.send(message)


def late(websocket):
    """Asks when much has come, and the client has closed."""
    websocket.accept()
    first = websocket.receive()
    while websocket.receive(60) != 'go':
        pass
    websocket.send(first)
    echo(websocket)
    SEEN.append('closed %s' % websocket.closed)


def timeouts(websocket):
    websocket.send('begin')
    while True:
        try:
            message = websocket.receive(0.05)
        except ReceiveTimeout:
            continue
        if message is None:
            return
        websocket.send(message)


def floods(websocket):
    """To a client that does not read: `send` waits, and raises when the client leaves."""
    sent = 0
    websocket.receive()
    try:
        while True:
            SEEN[:] = [sent]
            websocket.send(b'f' * 65536, do_compress=False)
            sent += 1
    except WebSocketError as error:
        SEEN[:] = ['%s, %s' % (error, websocket.closed)]
        raise


def left(websocket):
    """Returns while a thread of its own waits for a client that does not read."""

    def send():
        try:
            floods(websocket)
        except WebSocketError:
            pass

    threading.Thread(target=send).start()
    while 'go' not in SEEN:
        time.sleep(0.01)


def ticks(websocket):
    """Sends, and never asks."""
    websocket.accept()
    while True:
        websocket.send('tick')
        time.sleep(0.01)


def holds(websocket):
    """Answers one message at a time, when it is told to by a page."""
    for message in websocket:
        SEEN.append(message)
        while 'go' not in SEEN:
            time.sleep(0.01)
        websocket.send(message)
    SEEN.append('end')


def closes(websocket):
    """As the first call, which WSocket and gevent-websocket make after the handshake."""
    websocket.close(4003, 'not you')


def odd(websocket):
    """Neither text nor bytes."""
    for message in (2, None, [1], object()):
        try:
            websocket.send(message)
        except TypeError as error:
            websocket.send(str(error))


KINDS = {
    '/closes': closes,
    '/odd': odd,
    '/late': late,
    '/timeouts': timeouts,
    '/floods': floods,
    '/left': left,
    '/ticks': ticks,
    '/holds': holds,
}


def application(environ, start_response):
    websocket = environ.get('wsgi.websocket')
    if environ['PATH_INFO'] == '/refused':
        start_response('403 Forbidden', [('Content-Type', 'text/plain')])
        websocket.close()
        return [b'refused']
    if websocket is not None:
        KINDS.get(environ['PATH_INFO'], echo)(websocket)
        return []
    start_response('200 OK', [('Content-Type', 'text/plain')])
    if environ['PATH_INFO'] == '/go':
        SEEN.append('go')
    if environ['PATH_INFO'] == '/forget':
        SEEN.clear()
    return [','.join(str(one) for one in SEEN).encode()]
