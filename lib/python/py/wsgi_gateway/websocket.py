"""`wsgi.websocket`: the interface of WSocket and gevent-websocket, over calls to the gateway, which has the connection."""
import logging

from . import errors
from .frames import message_of

logger = logging.getLogger('wsgi.websocket')


def bytes_of(message):
    """Text as UTF-8, and bytes of any kind. Raises TypeError for all else: `bytes(5)` would be five zeros."""
    if isinstance(message, str):
        return message.encode('utf-8')
    try:
        return bytes(memoryview(message))
    except TypeError:
        raise TypeError('A message is text or bytes, not %s' % type(message).__name__) from None


class WebSocket:
    """An open door until the first `accept()`, `receive()` or `send()` answers the handshake.

    Before that the application may refuse it with an ordinary `start_response('403 Forbidden', ...)`.
    """

    def __init__(self, request, environ, told):
        self._request = request
        self._done = False
        self.environ = environ
        self.path = environ.get('PATH_INFO', '')
        self.version = told['version']
        self.origin = told['origin']
        self.protocols = told['protocols']
        # Set it before the handshake: the first of the client's protocols that is in it is the one answered.
        self.supported_protocols = []
        self.do_compress = True
        self.logger = logger

    def __repr__(self):
        return '<WebSocket %s>' % self.path

    @property
    def closed(self):
        """Nothing more can be sent. Messages that arrived before may still be received."""
        if self._done:
            return True
        known = self._request.socket_closed()
        return self._state()['closed'] if known is None else known

    @property
    def opened(self):
        """The handshake was answered."""
        return self._request.opened

    @property
    def protocol(self):
        """The subprotocol that was answered; empty if none was."""
        return self._state()['protocol']

    @property
    def close_code(self):
        """The peer's close code (RFC 6455 section 7.4), once there is one."""
        return self._state()['closeCode']

    @property
    def close_reason(self):
        return self._state()['closeReason']

    def accept(self, protocol=None, headers=()):
        """Answers the handshake. Does nothing once it was answered."""
        self._call('accept', protocol, [list(pair) for pair in headers])

    def receive(self, timeout=None):
        """The next message: text, bytes, or None, once, when the peer closed. After that: WebSocketError.

        `timeout` in seconds: raises ReceiveTimeout if no message came in that time.
        """
        while True:
            if self._done:
                raise errors.WebSocketError('Connection is already closed')
            message = self._request.next_message(timeout is None)
            if message is not None:
                return message
            answer = self._call('receive', timeout, self._request.pushed)
            if answer[0] != 'pushed':
                return message_of(answer)

    # gevent-websocket's older name.
    wait = receive

    def send(self, message, binary=None, do_compress=None):
        """Sends a message: text as a text frame, bytes as a binary one, unless `binary` says otherwise."""
        is_text = isinstance(message, str)
        data = message.encode('utf-8') if is_text else bytes_of(message)
        compress = self.do_compress if do_compress is None else do_compress
        # Bytes for a text frame have to be UTF-8: the gateway says so.
        if self._done or (binary is not None and not binary and not is_text):
            is_sent = False
        else:
            is_sent = self._request.send_message(data, not is_text if binary is None else binary, compress)
        if is_sent:
            return
        self._call('send', is_text, binary if binary is None else bool(binary), bool(compress), data=data)

    def ping(self, data=b''):
        """Sends a ping of up to 125 bytes, which the peer answers by itself."""
        self._call('ping', data=bytes_of(data))

    def close(self, code=1000, message=b''):
        """Closes the connection, and waits until the peer has answered. Does nothing if it is closed already.

        As the first call it answers the handshake before, as in WSocket and gevent-websocket, which have answered it by
        then; after start_response has refused the handshake it does nothing.
        """
        if self._done:
            return
        reason = bytes_of(message)
        if not self._request.opened:
            if self._request.started:
                return
            self.accept()
        self._call('close', code, data=reason)

    def subscribe(self, topic):
        """Everything that is published to this topic is sent to this client from now on."""
        self._call('subscribe', topic)

    def unsubscribe(self, topic):
        self._call('unsubscribe', topic)

    def publish(self, topic, message):
        """To every member of the topic, whatever thread or process holds it."""
        is_text = isinstance(message, str)
        self._call('publish', topic, is_text, data=bytes_of(message))

    def __iter__(self):
        """By message, to the end of the connection."""
        while True:
            try:
                message = self.receive()
            except errors.WebSocketError:
                return
            if message is None:
                return
            yield message

    def finish(self):
        """The application is through with the request: the gateway closes the connection."""
        self._done = True

    def _call(self, method, *arguments, data=b''):
        if self._done:
            raise errors.WebSocketError('Connection is already closed')
        return self._request.socket(method, arguments, data, self.supported_protocols)

    def _state(self):
        return self._call('state')[0]
