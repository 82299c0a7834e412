"""The module `wsocket`, for programs that import it where WSocket is not installed: its names, over `wsgi.websocket`.

The server is the gateway's, and so is the WebSocket; routes and events are here.
"""
import logging
import threading
import time

from wsgi_gateway import script, socket_servers
from wsgi_gateway.errors import FrameTooLargeException, ProtocolError, SlowSubscriber, WebSocketError
from wsgi_gateway.rooms import publish, subscribe
from wsgi_gateway.websocket import WebSocket
from wsgi_gateway.wsocket_response import Response, not_found_page

__all__ = [
    'Event',
    'FrameTooLargeException',
    'ProtocolError',
    'Response',
    'SlowSubscriber',
    'WSocketApp',
    'WebSocket',
    'WebSocketError',
    'logger',
    'make_server',
    'publish',
    'run',
    'subscribe',
]

logger = logging.getLogger('wsocket')
logging.basicConfig()


class Event:
    """Handlers: `event += handler`, `event -= handler`; without one the default is called."""

    def __init__(self, default=None):
        self._default = default
        self._items = []

    def __add__(self, handler):
        self._items.append(handler)
        return self

    __iadd__ = __add__

    def __sub__(self, handler):
        self._items.remove(handler)
        return self

    __isub__ = __sub__

    def clear(self):
        self._items[:] = []

    def __call__(self, *arguments):
        """All of them, in the order of adding; one that fails does not stop the next."""
        for handler in list(self._items) or [self._default]:
            try:
                if handler is not None:
                    handler(*arguments)
            except WebSocketError:
                pass
            except Exception:
                logger.exception('A handler of an event failed')


class _EventAttribute:
    """`app.onmessage = handler` puts it in the place of all others."""

    def __init__(self, name):
        self._name = '_' + name

    def __get__(self, app, owner=None):
        return self if app is None else getattr(app, self._name)

    def __set__(self, app, value):
        event = getattr(app, self._name)
        if value is event:
            return
        event.clear()
        for handler in value if isinstance(value, (list, tuple)) else [value]:
            event += handler


class WSocketApp:
    """Routes, events, and middleware that adds both to any other application."""

    GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
    SUPPORTED_VERSIONS = ('13', '8', '7')
    websocket_class = WebSocket
    issue_tracker = 'https://github.com/Ksengine/wsocket/issues/new'

    onconnect = _EventAttribute('onconnect')
    onmessage = _EventAttribute('onmessage')
    onclose = _EventAttribute('onclose')

    def __init__(self, app=None, protocol=None, protocols=()):
        given = protocol if protocol is not None else protocols
        self.protocols = [given] if isinstance(given, str) else list(given)
        self.app = app
        self.routes = {}
        self._onconnect = Event(self.on_connect)
        self._onmessage = Event(self.on_message)
        self._onclose = Event(self.on_close)

    def __call__(self, environ, start_response):
        websocket = environ.get('wsgi.websocket')
        if websocket is not None and self.protocols:
            websocket.supported_protocols = self.protocols
        handler = self._find(environ)
        if handler is None:
            return self.app(environ, start_response)
        return Response(environ, start_response, logger, self.issue_tracker).run(handler)

    def route(self, path):
        def decorator(handler):
            self.routes[path] = handler
            return handler

        return decorator

    def publish(self, topic, message):
        """To all members of the topic."""
        publish(topic, message)

    def not_found(self, environ, start_response):
        start_response(404)
        path = environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
        return not_found_page(_text(path), environ.get('QUERY_STRING', ''))

    def event_app(self, environ, start_response):
        websocket = environ.get('wsgi.websocket')
        if websocket is None:
            start_response()
            return '<h1>Hello World!</h1>'
        websocket.accept()
        _beside(self._onconnect, websocket)
        for message in websocket:
            _beside(self._onmessage, message, websocket)
        self._onclose(websocket.close_reason or '', websocket)
        return []

    # What runs while nothing is attached.

    def on_connect(self, client):
        client.send('you connected')

    def on_message(self, message, client):
        told = 'you said: ' + message if isinstance(message, str) else message
        client.send(told)
        time.sleep(2)
        client.send(told)

    def on_close(self, message, client):
        print('%s : %s' % (client, message))

    def _find(self, environ):
        """The route of this path, exact ones first; then the wrapped application, or what stands in for it."""
        if not self.routes:
            return self.event_app if self.app is None else None
        path = _text(environ.get('PATH_INFO', '')) or '/'
        if path in self.routes:
            return self.routes[path]
        for route, handler in self.routes.items():
            if route.endswith('*') and path.startswith(route[:-1]):
                return handler
        return self.not_found if self.app is None else None


def _text(path):
    """A native string as text: routes may hold any character."""
    try:
        return path.encode('latin-1').decode('utf-8')
    except UnicodeError:
        return path


def _beside(event, *arguments):
    """Handlers run beside the receive loop, which goes on."""
    threading.Thread(target=event, args=arguments, daemon=True).start()


class _Server:
    def __init__(self, host, port, app):
        self.server_name = host
        self.server_port, self._held = socket_servers.chosen(host, port)
        self.server_address = host, self.server_port
        self._app = app

    def serve_forever(self):
        script.serve(self._app, self.server_name, self.server_port)

    def get_app(self):
        return self._app

    def set_app(self, app):
        self._app = app

    def server_close(self):
        """The server is the gateway's."""


def make_server(host, port, app, server_class=None, handler_class=None):
    return _Server(host, port, app)


def run(app=None, host='127.0.0.1', port=8080, **options):
    """Serves until the gateway stops. Without an application: one that echoes."""
    make_server(host, port, WSocketApp() if app is None else app).serve_forever()


if __name__ == '__main__':
    run()
