"""Frames between one thread and the gateway, over a socket.

A frame is a head of 13 bytes (length of what follows, kind, number of the request, number of the call) and its payload.
A call has a number of its own, and its answer has the same: an answer that nobody waits for any more is dropped.
"""
import json
import struct
import threading

from .errors import GatewayClosed

HEAD = struct.Struct('>IcII')
_SIZE = HEAD.size
_LENGTH = struct.Struct('>I')
_BLOCK = 65536

# From the gateway.
REQUEST = b'R'
OK = b'O'
ERROR = b'X'
BYTES = b'C'
END = b'Z'
TAKEN = b'A'
GONE = b'Q'

# To the gateway.
HEADERS = b'H'
RESPONSE = b'S'
WHOLE = b'K'
FIRST = b'I'
BLOCK = b'B'
BODY_END = b'E'
WRITE = b'W'
FILE = b'Y'
FAILED = b'F'
DONE = b'D'
PULL = b'P'
HINTS = b'G'
SOCKET = b'V'
TOPICS = b'N'
ABANDON = b'U'
OUTPUT = b'L'
ERRORS = b'T'

encode = json.JSONEncoder(ensure_ascii=False, separators=(',', ':')).encode


def packed(value, rest=b''):
    """A value as JSON with its length before it, and bytes after it. A lone surrogate becomes a question mark."""
    text = encode(value).encode('utf-8', 'replace')
    return b'%b%b%b' % (_LENGTH.pack(len(text)), text, rest)


def unpacked(payload):
    """What `packed` made: the value, and the bytes."""
    end = 4 + _LENGTH.unpack_from(payload)[0]
    return json.loads(payload[4:end]), payload[end:]


def message_of(answer):
    """A message of a WebSocket or of a topic: text, bytes, or None where there is none (lib/python/socket-calls.ts)."""
    kind, data = answer
    if kind == 'none':
        return None
    return data.decode('utf-8') if kind == 'text' else data


def told_of(payload):
    """What is told of a request: its text, and JSON or nothing."""
    end = 4 + _LENGTH.unpack_from(payload)[0]
    return str(payload[4:end], 'latin-1'), payload[end:]


def environ_of(told, facts):
    """A request: environ, flags, and what is told of a WebSocket or None (lib/python/request-message.ts).

    Native strings travel as they are; what else middleware has added, as JSON.
    """
    text, more = told
    fields = iter(text.split('\0'))
    flags = next(fields)
    environ = dict(zip(fields, fields))
    environ.update(facts)
    if not more:
        return environ, flags, None
    more = json.loads(more)
    environ.update(more['environ'])
    return environ, flags, more['socket']


class Channel:
    """The socket of one thread. Other threads of the application may send, one at a time."""

    def __init__(self, sock):
        self._socket = sock
        # The garbage collector may call in the middle of it: that is refused, and must not wait for itself.
        self._sending = threading.RLock()
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

    def send(self, kind, request, payload=b'', call=0):
        """Sends a frame. Raises GatewayClosed if nobody is there to read it."""
        head = HEAD.pack(len(payload), kind, request, call)
        with self._sending:
            if self._cut_write:
                raise GatewayClosed()
            self._cut_write = True
            try:
                if len(payload) > _BLOCK:
                    self._socket.sendall(head)
                    self._socket.sendall(payload)
                else:
                    self._socket.sendall(head + payload)
            except OSError:
                raise GatewayClosed() from None
            self._cut_write = False

    def whole(self, request, head, block):
        """A whole response. Its head is beyond doubt, and encoded (head.py)."""
        self.send(WHOLE, request, head + block)

    def read(self):
        """The next frame: `(kind, request, call, payload)`. Waits for it. Raises GatewayClosed at the end."""
        while True:
            frame = self._frame()
            if frame is not None:
                return frame
            self._fill(0)

    def poll(self):
        """The next frame if it is there already, or None."""
        frame = self._frame()
        if frame is None and self._fill(_DONT_WAIT):
            frame = self._frame()
        return frame

    def close(self):
        self._socket.close()

    def _frame(self):
        if self._have < self._wanted:
            return None
        buffer = self._buffer
        if self._parts:
            buffer = self._buffer = b''.join([buffer] + self._parts)
            self._parts = []
        length, kind, request, call = HEAD.unpack_from(buffer)
        end = _SIZE + length
        if self._have < end:
            self._wanted = end
            return None
        self._wanted = _SIZE
        self._have -= end
        self._buffer = buffer[end:]
        return kind, request, call, buffer[_SIZE:end]

    def _fill(self, flags):
        if self._cut_read:
            raise GatewayClosed()
        self._cut_read = True
        try:
            # All that is missing of a large frame, at once.
            data = self._socket.recv(max(_BLOCK, self._wanted - self._have), flags)
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


def _dont_wait():
    import socket

    return getattr(socket, 'MSG_DONTWAIT', 0)


_DONT_WAIT = _dont_wait()


def as_bytes(text):
    """UTF-8, with U+FFFD for a lone surrogate."""
    try:
        return text.encode('utf-8')
    except UnicodeEncodeError:
        return ''.join('\ufffd' if '\ud800' <= one <= '\udfff' else one for one in text).encode('utf-8')
