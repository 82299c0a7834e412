"""One thread's frames from and to the gateway, over a socket."""
import threading
from collections import deque

from .errors import GatewayClosed
from .frames import BYTES, DONE, HEAD, REQUEST, WHOLE

_SIZE = HEAD.size
_BLOCK = 65536
# Bytes of a block that is sent with what goes before it in one piece.
_GATHERED = 8192

# In the place of the number of a call, at the end of requests in a row: most of them have waited for something.
HAS_WAITED = 0x80000000
# Rows that waited, one after the other, before that is said.
_STRIKES = 3


class Channel:
    """The socket of one thread. Other threads of the application may send, one at a time.

    Several requests may come at once: the thread takes one after the other, and the gateway may take back what has not
    begun. The last frame of a request has the number of the one that begins next in the place of that of a call.
    """

    # This is a process that the application forked, and the socket that of its parent.
    forked = False

    def __init__(self, sock):
        self._socket = sock
        # The garbage collector may call in the middle of it: that is refused, and must not wait for itself.
        self._sending = threading.RLock()
        # Requests that came and have not begun: number, payload. And the one that begins next, as the gateway was told.
        self._requests = deque()
        self._next = None
        # How many came at once, how often the thread had waited before them, and how many such rows have waited.
        self._row = self._waits = self._strikes = 0
        self._buffer = b''
        # What came after it, and how many bytes both have; how many the next frame takes.
        self._parts = []
        self._have = 0
        self._wanted = _SIZE
        # A frame was cut by an exception from outside (KeyboardInterrupt): nothing that follows could be understood.
        self._cut_read = False
        self._cut_write = False

    @property
    def broken(self):
        return self._cut_read or self._cut_write

    def send(self, kind, request, payload=b'', call=0, block=b''):
        """Sends a frame: a payload, with a large block after it. Raises GatewayClosed if nobody is there to read it."""
        if kind == WHOLE or kind == DONE:
            call = self._advance()
        head = HEAD.pack(len(payload) + len(block), kind, request, call)
        with self._sending:
            if self._cut_write:
                raise GatewayClosed()
            self._cut_write = True
            try:
                if block:
                    self._send_large(head + payload, block)
                elif len(payload) > _GATHERED:
                    self._send_large(head, payload)
                else:
                    self._socket.sendall(head + payload)
            except OSError:
                raise GatewayClosed() from None
            self._cut_write = False

    def _send_large(self, first, block):
        """Without a copy."""
        sent = self._socket.sendmsg((first, block))
        if sent < len(first) + len(block):
            self._socket.sendall(first[sent:])
            with memoryview(block) as view:
                self._socket.sendall(view[max(0, sent - len(first)) :])

    def whole(self, request, head, block):
        """A whole response. Its head is beyond doubt, and encoded (head.py)."""
        if len(block) > _GATHERED:
            self.send(WHOLE, request, head, 0, block)
        else:
            self.send(WHOLE, request, head + block)

    def request(self):
        """The next request: its number and its payload. Waits for it. Raises GatewayClosed at the end."""
        found, self._next = self._next, None
        while found is None:
            # What is not a request is the rest of an earlier one.
            if self._frame() is None and not self._requests:
                self._fill(0)
                continue
            found = self._first()
            self._row = len(self._requests)
            if self._row:
                self._waits = waits()
        return found

    def withdraw(self):
        """Numbers of requests that came and will not begin. For another thread."""
        taken = []
        try:
            while True:
                taken.append(self._requests.pop()[0])
        except IndexError:
            return taken

    def _first(self):
        try:
            return self._requests.popleft()
        except IndexError:
            return None

    def _advance(self):
        self._next = found = self._first() if self._requests else None
        if found is not None:
            return found[0]
        return HAS_WAITED if self._row and self._has_waited() else 0

    def _has_waited(self):
        """Whether the rows of late have: their requests are better off with threads of their own."""
        self._strikes = self._strikes + 1 if waits() - self._waits > self._row // 2 else 0
        self._row = 0
        if self._strikes < _STRIKES:
            return False
        self._strikes = 0
        return True

    def read(self, call=0, buffer=None):
        """The next frame but requests: `(kind, request, call, payload)`. Waits for it. Raises GatewayClosed at the end.

        Bytes for that call go into the buffer, and the payload is their number.
        """
        while True:
            frame = self._frame()
            if frame is not None:
                return frame
            if buffer is None:
                self._fill(0)
                continue
            if self._have < _SIZE:
                # Its head alone: the bytes themselves are read to where they belong.
                self._fill(0, _SIZE - self._have)
            frame = self._into(call, buffer)
            if frame is not None:
                return frame

    def _into(self, wanted, buffer):
        """The frame whose beginning is here, if its payload is bytes for a buffer."""
        if self._have < _SIZE:
            return None
        self._join()
        length, kind, request, call = HEAD.unpack_from(self._buffer)
        done = self._have - _SIZE
        if kind != BYTES or call != wanted or length > len(buffer) or done > length:
            if done < length:
                self._fill(0)
            return None
        buffer[:done] = self._buffer[_SIZE:]
        self._cut_read = True
        try:
            while done < length:
                came = self._socket.recv_into(buffer[done:length], 0, _WAIT_ALL)
                if not came:
                    raise GatewayClosed()
                done += came
        except OSError:
            raise GatewayClosed() from None
        self._buffer = b''
        self._have = 0
        self._wanted = _SIZE
        self._cut_read = False
        return kind, request, call, length

    def poll(self):
        """The next frame if it is there already, or None."""
        frame = self._frame()
        if frame is None and self._fill(_DONT_WAIT):
            frame = self._frame()
        return frame

    def close(self):
        self._socket.close()

    def let_go(self):
        """In a process that was forked: all that is sent or read fails, as if the gateway had ended."""
        self.forked = True
        # Another thread of the parent may have had it.
        self._sending = threading.RLock()
        self._socket.close()

    def _frame(self):
        while self._have >= self._wanted:
            frame = self._take_apart()
            if frame is None or frame[0] != REQUEST:
                return frame
            self._requests.append((frame[1], frame[3]))
        return None

    def _join(self):
        if self._parts:
            self._buffer = b''.join([self._buffer] + self._parts)
            self._parts = []

    def _take_apart(self):
        self._join()
        buffer = self._buffer
        length, kind, request, call = HEAD.unpack_from(buffer)
        end = _SIZE + length
        if self._have < end:
            self._wanted = end
            return None
        self._wanted = _SIZE
        self._have -= end
        self._buffer = buffer[end:]
        return kind, request, call, buffer[_SIZE:end]

    def _fill(self, flags, most=0):
        if self._cut_read:
            raise GatewayClosed()
        self._cut_read = True
        try:
            # All that is missing of a large frame, at once.
            data = self._socket.recv(most or max(_BLOCK, self._wanted - self._have), flags)
        except BlockingIOError:
            self._cut_read = False
            return False
        except OSError:
            data = b''
        if not data:
            raise GatewayClosed()
        if self._buffer:
            self._parts.append(data)
        else:
            self._buffer = data
        self._have += len(data)
        self._cut_read = False
        return True


def _no_waits():
    return 0


def _waits():
    """How often this thread has waited so far: for another program, a disk, another thread. 0 where no system says so."""
    try:
        import resource

        getrusage, thread = resource.getrusage, resource.RUSAGE_THREAD
    except (ImportError, AttributeError):
        return _no_waits
    return lambda: getrusage(thread).ru_nvcsw


waits = _waits()


def _flag(name):
    import socket

    return getattr(socket, name, 0)


_DONT_WAIT = _flag('MSG_DONTWAIT')
_WAIT_ALL = _flag('MSG_WAITALL')
