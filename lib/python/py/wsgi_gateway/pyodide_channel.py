"""Frames between a thread of Pyodide and the gateway: through one piece of memory that both languages see.

Only integers cross the border: JavaScript copies a frame between that memory and the rings of the thread.
"""
import struct

from .errors import GatewayClosed
from .frames import BYTES, WHOLE, encode, told_of

# Kind, flags (whether the next frame continues it; whether its bytes are in blocks), number of the request, number of the call. lib/python/pyodide/base-bridge.ts has the same.
HEAD = struct.Struct('>cBxxII')
# The same of a request: its number, and how long its text is.
_TOLD = struct.Struct('>4xII').unpack_from
_START = 12
_MORE = 1
_IN_BLOCK = 2
_SIZE = HEAD.size
# Bytes of payload that go in one.
_ROOM = 65536
# Bytes of payload that go through blocks in one. lib/python/pyodide/frames.ts has room for that and what is before it.
_LARGE = 1048576
_UNPACK = HEAD.unpack_from
_PACK = HEAD.pack_into
_HEAD = HEAD.pack

# What `receive` gives instead of a size, and what stands for that of a request.
NOTHING = 0
INTERRUPTED = -1
# The request comes in frames.
LONG = -3

# To the gateway, about no request: a line of JSON, as the CPython processes have on their control sockets.
TOLD = b'j'


class Memory:
    """What frames go through."""

    def __init__(self, bridge, interrupted):
        """`interrupted` is called when the gateway has asked for KeyboardInterrupt; it may raise that."""
        memory = bytearray(_SIZE + _ROOM)
        bridge.attach(memory)
        self._memory = memory
        self._view = memoryview(memory)
        self._send = bridge.send
        self._interrupted = interrupted
        self._sending = False

    def send(self, kind, request, payload=b'', call=0):
        """Gives whether there is something to receive, as far as that is known."""
        if self._sending:
            # The garbage collector calls in the middle of it, and the memory is in use.
            raise GatewayClosed()
        self._sending = True
        try:
            return self._put(kind, request, payload, call)
        finally:
            self._sending = False

    def tell(self, message):
        self.send(TOLD, 0, encode(message).encode('utf-8', 'replace'))

    def _put(self, kind, request, payload, call):
        size = len(payload)
        if size <= _ROOM:
            end = _SIZE + size
            _PACK(self._memory, 0, kind, 0, request, call)
            self._view[_SIZE:end] = payload
            return self._send(end)
        payload = memoryview(payload)
        for start in range(0, size, _ROOM):
            end = start + _ROOM
            piece = payload[start:end]
            _PACK(self._memory, 0, kind, end < size, request, call)
            self._view[_SIZE : _SIZE + len(piece)] = piece
            found = self._send(_SIZE + len(piece))
        return found

    def _frame(self, size, parts):
        """The frame of so many bytes that is in the memory; None while there is more of it to come, which `parts` keeps."""
        kind, flags, request, call = _UNPACK(self._memory)
        if flags & _IN_BLOCK:
            return kind, request, call, self._from_block(kind, call)
        payload = bytes(self._view[_SIZE:size])
        if flags & _MORE:
            parts.append(payload)
            return None
        if parts:
            payload = b''.join([*parts, payload])
            parts.clear()
        return kind, request, call, payload


class Channel(Memory):
    broken = False

    def __init__(self, bridge, interrupted):
        super().__init__(bridge, interrupted)
        self._receive = bridge.receive
        self._length = bridge.length
        self._copy = bridge.copy
        self._send_large = bridge.sendLarge
        self._parts = []
        # Bytes of a frame that is in the memory, and was not sent yet: it goes out when the request is over.
        self._last = 0
        # The call that bytes are awaited for, and the buffer that they may go into.
        self._wanted = 0
        self._target = None

    def _put(self, kind, request, payload, call):
        if self._last:
            self.flush()
        if len(payload) > _ROOM and request:
            return self._put_large(kind, request, call, b'', payload)
        return super()._put(kind, request, payload, call)

    def read(self, call=0, buffer=None):
        """The next frame: `(kind, request, call, payload)`. Waits for it. Raises GatewayClosed at the end.

        Many bytes for that call go into the buffer, and the payload is their number.
        """
        if buffer is not None:
            self._wanted, self._target = call, buffer
            try:
                return self.read()
            finally:
                # The application may want to resize what it is a view of.
                self._target = None
        if self._last:
            self.flush()
        size = self._receive(True)
        if size > 0:
            frame = self._frame(size, self._parts)
            if frame is not None:
                return frame
        elif size == INTERRUPTED:
            self._interrupted()
        elif size < 0:
            raise GatewayClosed()
        while True:
            frame = self._next(True)
            if frame is not None:
                return frame

    def _put_large(self, kind, request, call, head, payload):
        """Sends a frame through blocks, into which it is copied once; what finds none goes through the memory."""
        payload = memoryview(payload)
        while True:
            size = len(head)
            self._view[_SIZE : _SIZE + size] = head
            more = len(payload) > _LARGE
            if not self._send_large(kind[0], more, request, call, size, payload[:_LARGE]):
                return super()._put(kind, request, head + bytes(payload), call)
            if not more:
                return True
            head, payload = b'', payload[_LARGE:]

    def _from_block(self, kind, call):
        """The bytes of the frame that came in blocks; how many, where they went into the buffer of `read`."""
        target = self._target
        if target is not None and kind == BYTES and call == self._wanted and self._length() <= len(target):
            size = self._length()
            self._copy(target[:size])
            return size
        # Nobody has seen this object yet: JavaScript fills it.
        payload = bytes(self._length())
        self._copy(payload)
        return payload

    def whole(self, request, head, block):
        """A whole response. Its head is beyond doubt, and encoded (head.py)."""
        if len(block) > _ROOM and len(head) < _ROOM and not self._sending:
            self.flush()
            self._sending = True
            try:
                self._put_large(WHOLE, request, 0, head, block)
            finally:
                self._sending = False
            return
        frame = _HEAD(WHOLE, 0, request, 0) + head + block
        size = len(frame)
        if size > _ROOM or self._sending:
            self.send(WHOLE, request, head + block)
            return
        if self._last:
            self.flush()
        self._view[:size] = frame
        self._last = size

    def flush(self):
        """The memory is wanted for something else."""
        if self._last:
            last, self._last = self._last, 0
            self._send(last)

    def told(self, size):
        """The request in the memory: its number, and what is told of it."""
        if size == LONG:
            _, number, _, payload = self.read()
            return number, told_of(payload)
        view = self._view
        number, length = _TOLD(view)
        end = _START + length
        return number, (str(view[_START:end], 'latin-1'), size > end and bytes(view[end:size]))

    def last(self):
        """Bytes of a frame that is in the memory: who called sends it."""
        last, self._last = self._last, 0
        return last

    def poll(self):
        """The next frame if it is there already, or None."""
        return self._next(False)

    def _next(self, wait):
        self.flush()
        while True:
            size = self._receive(wait)
            if size == NOTHING:
                return None
            if size == INTERRUPTED:
                self._interrupted()
                continue
            if size < 0:
                raise GatewayClosed()
            frame = self._frame(size, self._parts)
            if frame is not None:
                return frame
