"""What the gateway raises into an application."""


class ClientDisconnected(ConnectionError):
    """The client closed the connection: there is nobody to read from or to write to."""


class RequestError(OSError):
    """The body of the request cannot be read: it is malformed, late, or over a limit.

    The server answers with `status`, unless the application answers.
    """

    status = 400


class WebSocketError(OSError):
    """The WebSocket is not open for what was asked, or not any more."""


class ProtocolError(WebSocketError):
    """RFC 6455 was broken: by the peer, or by the arguments of a call."""


class FrameTooLargeException(ProtocolError):
    """A message of the peer was over the limit."""


class SlowSubscriber(RequestError):
    """A subscription was ended: too much waited for the loop over it, or messages were lost on their way."""

    status = 503


class ReceiveTimeout(TimeoutError):
    """No message came in the time that `receive()` was given. The next message is not lost."""


class GatewayClosed(BaseException):
    """The gateway has ended: the thread ends too. Not an application's business."""


# By the name that the gateway gives them.
_CLASSES = {
    'ClientDisconnected': ClientDisconnected,
    'WebSocketError': WebSocketError,
    'ProtocolError': ProtocolError,
    'FrameTooLargeError': FrameTooLargeException,
    'ReceiveTimeout': ReceiveTimeout,
    'TypeError': TypeError,
    'RangeError': ValueError,
    # PEP 3333 leaves open what start_response raises; wsgiref raises this.
    'ApplicationError': AssertionError,
    'RequestError': RequestError,
    'SlowSubscriber': SlowSubscriber,
}


def made(told, call):
    """An exception from what the gateway tells of its own: `{name, message, status}`.

    `call` is the number of the call that failed. Where the exception ends the request, the gateway knows it by that.
    """
    error = _CLASSES.get(told['name'], RuntimeError)(told['message'])
    if isinstance(error, RequestError) and told.get('status'):
        error.status = told['status']
    error.wsgi_gateway_call = call
    return error
