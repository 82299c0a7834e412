"""Handlers as gevent-websocket's documentation has them: gevent_site.py PORT serves them by its own server."""
import sys
from collections import OrderedDict

from geventwebsocket import Resource, WebSocketApplication, WebSocketError


class Echo(WebSocketApplication):
    def on_open(self):
        self.ws.send('opened %s' % self.ws.path)

    def on_message(self, message):
        if message is not None:
            self.ws.send(message)

    def on_close(self, reason=None):
        pass


class Fixed(WebSocketApplication):
    def on_message(self, message):
        self.ws.send('one')
        self.ws.send(b'\x00\x01\x02', binary=True)
        self.ws.close(4000, 'two are enough')


def low_level(environ, start_response):
    """Without classes: handlers of their own, and pages."""
    ws = environ.get('wsgi.websocket')
    if ws is None:
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'version of the protocol: none']
    try:
        while True:
            message = ws.receive()
            if message is None:
                break
            ws.send('%s said %s' % (ws.origin, message))
    except WebSocketError:
        pass
    return []


resource = Resource(OrderedDict([('^/echo', Echo), ('^/fixed', Fixed), ('^/.*', low_level)]))


def application(environ, start_response):
    if environ['PATH_INFO'].startswith('/low'):
        return low_level(environ, start_response)
    return resource(environ, start_response)


if __name__ == '__main__':
    from geventwebsocket import WebSocketServer

    WebSocketServer(('127.0.0.1', int(sys.argv[1])), application).serve_forever()
