"""`simple_websocket.Server`, and with it flask-sock, over `wsgi.websocket`: the gateway has the socket itself."""
from . import errors


class _Request:
    """What `choose_subprotocol` of a subclass is given: of the handshake, by the names of wsproto."""

    def __init__(self, environ, websocket):
        query = environ.get('QUERY_STRING', '')
        self.host = environ.get('HTTP_HOST', '')
        self.target = environ.get('RAW_URI') or websocket.path + ('?' + query if query else '')
        self.subprotocols = list(websocket.protocols)
        self.extensions = []
        self.extra_headers = []


def server_class(module):
    """A class with the interface of `module.Server`."""

    class Server:
        def __init__(
            self,
            environ,
            subprotocols=None,
            receive_bytes=4096,
            ping_interval=None,
            max_message_size=None,
            thread_class=None,
            event_class=None,
            selector_class=None,
        ):
            websocket = environ.get('wsgi.websocket')
            if websocket is None:
                raise RuntimeError('Cannot obtain socket from WSGI environment: this is not a WebSocket request.')
            self.environ = environ
            self.subprotocols = [subprotocols] if isinstance(subprotocols, str) else list(subprotocols or [])
            # flask-sock then returns an empty body, which the gateway ignores.
            self.mode = 'wsgi.websocket'
            self.max_message_size = max_message_size
            self.close_reason = 1005
            self.close_message = None
            self._websocket = websocket
            self._over = False
            websocket.supported_protocols = self.subprotocols
            websocket.accept(self.choose_subprotocol(_Request(environ, websocket)))
            self.subprotocol = websocket.protocol or None

        @classmethod
        def accept(cls, environ, **options):
            return cls(environ, **options)

        def choose_subprotocol(self, request):
            return next((name for name in request.subprotocols if name in self.subprotocols), None)

        @property
        def connected(self):
            return not self._over and not self._websocket.closed

        def send(self, data):
            self._check()
            try:
                self._websocket.send(data if isinstance(data, (bytes, bytearray)) else str(data))
            except errors.WebSocketError:
                self._closed()

        def receive(self, timeout=None):
            self._check()
            try:
                message = self._websocket.receive(timeout)
            except errors.ReceiveTimeout:
                return None
            except errors.WebSocketError:
                self._closed()
            if message is None:
                self._closed()
            size = len(message.encode('utf-8')) if isinstance(message, str) else len(message)
            if self.max_message_size and size > self.max_message_size:
                self._websocket.close(1009, 'Message is too big')
                self._closed()
            return message

        def close(self, reason=None, message=None):
            self._check()
            self._over = True
            self._websocket.close(int(reason or 1000), message or '')

        def _check(self):
            if self._over:
                raise module.ConnectionClosed(self.close_reason, self.close_message)

        def _closed(self):
            self._over = True
            code = self._websocket.close_code
            if code is not None:
                self.close_reason, self.close_message = code, self._websocket.close_reason
            raise module.ConnectionClosed(self.close_reason, self.close_message)

    return Server
