"""One request: calls the application and relays what it does (PEP 3333). The rules of a gateway are the gateway's."""
import sys

from . import errors
from . import frames as wire
from .exchange import Exchange
from .failure import describe
from .files import FileWrapper, on_disk
from .head import copied, known, plain, remember, room
from .streams import ErrorStream, Input, NoBody, current
from .websocket import WebSocket

_END = object()

# Bytes of the body that may be on their way to the client before the application is asked for more.
WINDOW = 256 * 1024

# What every environ has.
ALWAYS = {'wsgi.version': (1, 0), 'wsgi.input_terminated': True, 'wsgi.file_wrapper': FileWrapper}


class Request(Exchange):
    """`environs`: makes environ of what is told of a request (channel.py)."""

    # The gateway was told that this is done.
    _done = False
    _started = False
    _head = None
    # As it is sent, where it is right beyond doubt.
    _encoded = None
    # The gateway has the head, to check it or to send it.
    _told = False
    _head_sent = False
    _printed = ''
    # An empty block was sent.
    _begun = False
    # Bytes of the body that are still wanted, where that is known.
    _left = None
    _websocket = None

    def __init__(self, channel, number, environs, told):
        self._channel = channel
        self._number = number
        environ, flags, socket = environs.made(told)
        self._method = environ.get('REQUEST_METHOD')
        environ['wsgi.input'] = NoBody(self) if 'e' in flags else Input(self)
        environ['wsgi.errors'] = ErrorStream(self)
        if 'h' in flags:
            environ['wsgi.early_hints'] = self._early_hints
        if socket is not None:
            self._websocket = WebSocket(self, environ, socket)
            environ['wsgi.websocket'] = self._websocket
            environ['wsgi.websocket_version'] = str(self._websocket.version)
        # Not kept after the call of the application: nothing that refers to itself is left for the garbage collector.
        self._environ = environ

    @property
    def over(self):
        """The response is complete."""
        return self._over

    @property
    def started(self):
        """start_response was called."""
        return self._started

    def run(self, application):
        """Everything from the call of the application to the last word to the gateway."""
        current.request = self
        try:
            self._answer(application)
        except errors.GatewayClosed:
            raise
        except BaseException as error:
            self._fail(error)
        finally:
            current.request = None
        self._over = True
        if self._done:
            return
        self.flush_output()
        if self._websocket is not None:
            self._websocket.finish()
        self._abandon()
        self._send(wire.DONE)

    def _answer(self, application):
        environ, self._environ = self._environ, None
        result = application(environ, self._start_response)
        # Most responses, in the least time: a list has no close().
        if result.__class__ is list and self._encoded is not None and not self._told and len(result) == 1:
            block = result[0]
            if block.__class__ is bytes:
                self._send_whole(block)
                return
        try:
            if not self.opened:
                self._respond(result)
        finally:
            close = getattr(result, 'close', None)
            if close is not None:
                close()

    def _fail(self, error):
        told = describe(error)
        # What the gateway itself has raised it knows best.
        told['call'] = getattr(error, 'wsgi_gateway_call', 0)
        self.flush_output()
        self._send(wire.FAILED, wire.packed(told))

    # start_response and write()

    def _start_response(self, status, headers, exc_info=None):
        if exc_info is None and not self._started and self._websocket is None and not self._over:
            found = known(status, headers)
            if found is not None:
                self._started = True
                self._head, self._encoded = found
                return self._write
        if self.opened:
            # As gevent-websocket has it: frameworks start a response for what a handler of a WebSocket returned.
            return _ignore
        if exc_info:
            try:
                if self._head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                # "avoid dangling circular ref"
                exc_info = None
            again = True
        else:
            if self._started:
                raise AssertionError(
                    'start_response was already called: to replace what it was given, pass exc_info'
                )
            again = False
        if self._over:
            raise AssertionError('start_response was called after the response ended')
        self._started = True
        self._head = None
        flat = None if again or self._told or self._websocket is not None else plain(status, headers)
        if flat is not None:
            self._head, self._encoded = remember(status, flat)
            return self._write
        flat = copied(status, headers)
        told, self._told = self._told, True
        self._call(wire.HEADERS, wire.packed([status, flat, told]))
        self._head, self._encoded = (status, flat), None
        return self._write

    def _write(self, data):
        """PEP 3333 "The write() Callable"."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise AssertionError('write() takes bytes, not %s' % type(data).__name__)
        if self._over:
            raise AssertionError('write() was called after the response ended')
        if self._head is None:
            raise AssertionError('write() was called without a valid start_response')
        self._send_head()
        self._head_sent = True
        self._call(wire.WRITE, bytes(data))

    # The body

    def _respond(self, result):
        if type(result) in (list, tuple) and len(result) == 1 and not self._head_sent:
            block = result[0]
            if type(block) is bytes and self._head is not None:
                self._send_whole(block)
                return
        if type(result) is FileWrapper:
            if self._send_file(result):
                return
            # No more is read than is sent.
            result = result.blocks(room(self._head, 'GET'))
        if isinstance(result, (bytes, str)):
            raise AssertionError(
                'The application returned %s: return a list with it as the one item' % type(result).__name__
            )
        try:
            blocks = iter(result)
        except TypeError:
            hint = ': if it is a factory, call it, as in site:create_app()' if callable(result) else ''
            raise AssertionError(
                'The application returned %s, not an iterable of byte strings%s' % (type(result).__name__, hint)
            ) from None
        while True:
            block = next(blocks, _END)
            if block is _END:
                break
            if block.__class__ is not bytes:
                block = self._checked(block)
            if block:
                if self._head is None:
                    self._refuse_start()
                self._send_block(block)
            else:
                if not self._begun:
                    # The gateway has to know that there is a body: it is closed when the client leaves.
                    self._begun = True
                    self._send(wire.BLOCK)
                self._look()
            if self._gone:
                return
            if self._left is not None and self._left <= 0 and self._head_sent:
                # "should not continue iterating": all that was declared is sent.
                break
        if self._head is None:
            self._refuse_start()
        self._send_head()
        self._head_sent = True
        self._send(wire.BODY_END)

    @staticmethod
    def _checked(block):
        if isinstance(block, (bytes, bytearray, memoryview)):
            return bytes(block)
        hint = ' (encode it)' if isinstance(block, str) else ''
        raise AssertionError('The body has an item that is %s, not bytes%s' % (type(block).__name__, hint))

    def _refuse_start(self):
        raise AssertionError(
            'start_response was called, but what it was given was refused'
            if self._started
            else 'The application did not call start_response before its first block of body, or at all'
        )

    def _send_head(self):
        if not self._told:
            self._told = True
            self._send(wire.HEADERS, wire.packed(list(self._head) + [False]))

    def _send_whole(self, block):
        """The one block of a list, which has no close()."""
        self._head_sent = True
        if self._told:
            self._send(wire.RESPONSE, wire.packed(None, block))
        elif self._printed or self._waiting or self._websocket is not None:
            self._send(wire.RESPONSE, wire.packed(self._head, block))
        else:
            # This is all, in one frame.
            self._done = True
            self._channel.whole(self._number, self._encoded, block)

    def _send_block(self, block):
        """A block goes out before the next one is asked for, which waits while the client is too far behind."""
        if self._told:
            self._send(wire.BLOCK, block)
        else:
            # Head and block in one: one system call less.
            self._told = True
            self._send(wire.FIRST, wire.packed(self._head, block))
        if not self._head_sent:
            self._left = room(self._head, self._method)
            self._head_sent = True
        if self._left is not None:
            self._left -= len(block)
        self._unsettled += len(block)
        self._look()
        if self._unsettled > WINDOW:
            self._read_until(lambda: self._unsettled <= WINDOW or self._gone)

    def _send_file(self, wrapper):
        if self._head is None:
            self._refuse_start()
        file = on_disk(wrapper.filelike)
        if file is None:
            return False
        self._send_head()
        # From now on the gateway reads it; the answer comes when it is through with the file.
        sent = self._ask(wire.FILE, wire.packed(file))[0]
        if sent:
            self._head_sent = True
        return sent

    # What streams and WebSockets ask for

    def pull(self, buffer, all):
        """The next bytes of the body of the request, into a buffer: how many; 0 at its end.

        With `all` the buffer is filled, unless the body ends before.
        """
        if self._over:
            raise ValueError('wsgi.input was read after the response was complete')
        kind, payload = self._call(wire.PULL, wire.packed([len(buffer), all]), buffer)
        if kind == wire.END:
            return 0
        if payload.__class__ is int:
            return payload
        buffer[: len(payload)] = payload
        return len(payload)

    def errors(self, text):
        if self._over:
            sys.stderr.write(text)
        else:
            self.flush_output()
            self._send(wire.ERRORS, wire.as_bytes(text))

    def print(self, text):
        lines, end, rest = (self._printed + text).rpartition('\n')
        self._printed = rest
        if end:
            self._send(wire.OUTPUT, wire.as_bytes(lines + end))

    def flush_output(self):
        """A line that was not ended."""
        rest, self._printed = self._printed, ''
        if rest:
            self._send(wire.OUTPUT, wire.as_bytes(rest))

    def socket(self, method, arguments, data, supported):
        """A call of a WebSocket: what it gives as JSON, and bytes."""
        answer = self._ask(wire.SOCKET, wire.packed([method, arguments, supported], data))
        if method in ('accept', 'receive', 'send', 'ping'):
            self.opened = True
        return answer

    def topics(self, method, *arguments, data=b''):
        """A call of `publish` or `subscribe`: what it gives as JSON, and bytes."""
        return self._ask(wire.TOPICS, wire.packed([method, *arguments], data))

    def unsubscribe(self, subscription):
        """Waits for nothing: it may be a garbage collector that calls."""
        if self._over:
            return
        try:
            self._send(wire.TOPICS, wire.packed(['unsubscribe', subscription]))
        except errors.GatewayClosed:
            # It ends with the request at the latest.
            pass

    def _early_hints(self, headers):
        if self._head_sent:
            return
        self._call(wire.HINTS, wire.packed(copied('200 OK', list(headers))))


def _ignore(_data):
    """write() of a response that a WebSocket has taken the place of."""
