"""`wsgi.input` and `wsgi.errors` (PEP 3333 "Input and Error Streams"), and where print() goes while a request runs."""
import io
import sys
import threading

_BLOCK = 65536
# Bytes that the gateway is asked for at most: what may be on its way.
_AT_ONCE = (1024 if sys.platform == 'emscripten' else 256) * 1024


# In Pyodide there is one thread, and this costs less.
_Local = object if sys.platform == 'emscripten' else threading.local


class _Current(_Local):
    """`request`: the one that this thread works on."""

    request = None


current = _Current()


class _Body(io.RawIOBase):
    """The body of a request, pulled from the gateway when it is read."""

    # Who reads takes all that is asked for, so the gateway need not be asked for each piece.
    all = False

    def __init__(self, request):
        self._request = request
        self._rest = b''
        self._ended = False
        self._failure = None

    def readable(self):
        return True

    def readinto(self, buffer):
        size = len(buffer)
        if self._rest:
            size = min(size, len(self._rest))
            buffer[:size], self._rest = self._rest[:size], self._rest[size:]
            return size
        if size >= _BLOCK:
            return self._pull(buffer, self.all and size > _BLOCK)
        block = bytearray(_BLOCK)
        came = self._pull(memoryview(block), False)
        size = min(size, came)
        buffer[:size], self._rest = block[:size], bytes(block[size:came])
        return size

    def readall(self):
        parts, self._rest = [self._rest], b''
        size = _BLOCK
        while True:
            block = bytearray(size)
            came = self._pull(memoryview(block), True)
            parts.append(block if came == size else block[:came])
            if came < size:
                return b''.join(parts)
            size = _AT_ONCE

    def _pull(self, buffer, all):
        """Fills a buffer, or as much of it as there is; with `all` less only at the end. Gives how much."""
        if self._failure is not None:
            raise self._failure
        if self._ended:
            return 0
        try:
            size = self._request.pull(buffer[:_AT_ONCE], all)
        except OSError as error:
            # Nothing comes after it: a later read fails as well.
            self._failure = error
            raise
        self._ended = size == 0
        return size


class Input(io.BufferedReader):
    """`read`, `readline`, `readlines` and iteration by line; it ends by itself with the body of this request."""

    def __init__(self, request):
        super().__init__(_Body(request), _BLOCK)

    def read(self, size=-1, /):
        if size is None or size <= _BLOCK:
            return super().read(size)
        # Large parts of it go straight into what is returned.
        self.raw.all = True
        try:
            return super().read(size)
        finally:
            self.raw.all = False

    def readlines(self, hint=None):
        return super().readlines(-1 if hint is None else hint)


class NoBody:
    """`wsgi.input` of a request without a body: most have none, and this costs nothing to make."""

    __slots__ = ('_request',)
    closed = False

    def __init__(self, request):
        self._request = request

    def read(self, size=-1, /):
        if self._request.over:
            raise ValueError('wsgi.input was read after the response was complete')
        return b''

    read1 = readline = peek = read

    def readlines(self, hint=None, /):
        self.read()
        return []

    def readinto(self, buffer, /):
        self.read()
        return 0

    readinto1 = readinto

    def __iter__(self):
        return self

    def __next__(self):
        self.read()
        raise StopIteration

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing is open."""

    def readable(self):
        return True

    def writable(self):
        return False

    seekable = isatty = writable

    def flush(self):
        """Nothing is buffered."""

    close = flush

    def fileno(self):
        raise io.UnsupportedOperation('fileno')

    tell = detach = fileno

    def seek(self, *_):
        raise io.UnsupportedOperation('seek')


io.BufferedIOBase.register(NoBody)


class ErrorStream:
    """`wsgi.errors`: text, which the gateway writes to its error log as it comes."""

    def __init__(self, request):
        self._request = request

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError('wsgi.errors.write() takes a string, not %s' % type(text).__name__)
        self._request.errors(text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        """Nothing is buffered."""


class RequestStream(io.TextIOBase):
    """`sys.stdout` and `sys.stderr`: lines that are written while a request runs go to the log with its name.

    Everything else goes to the stream that was there before, which is the log as well.
    """

    encoding = 'utf-8'
    errors = 'backslashreplace'

    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    @property
    def buffer(self):
        return self._stream.buffer

    def fileno(self):
        return self._stream.fileno()

    def isatty(self):
        return False

    def writable(self):
        return True

    def reconfigure(self, **_options):
        """For programs that set the encoding of their output: it is UTF-8."""

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError('write() argument must be str, not %s' % type(text).__name__)
        if current.request is None:
            self._stream.write(text)
            self._stream.flush()
        else:
            current.request.print(text)
        return len(text)

    def flush(self):
        if current.request is not None:
            current.request.flush_output()
        self._stream.flush()


def install():
    """In the place of `sys.stdout` and `sys.stderr`."""
    sys.stdout = RequestStream(sys.stdout)
    sys.stderr = RequestStream(sys.stderr)
