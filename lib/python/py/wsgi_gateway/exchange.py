"""What one request and the gateway say to each other in frames: calls that are answered, and news of the client."""
import threading
import time
from collections import deque

from . import errors
from . import frames as wire

_making = threading.Lock()

# Bytes of messages that may be on their way to the client before `send` waits for it.
WINDOW = 256 * 1024
# Bytes of messages that the gateway is told of together. Less than its window (lib/python/python-socket.ts).
TELL = 64 * 1024
# What a message costs beside its bytes.
MESSAGE_BYTES = 512
# Seconds after which there may be news that a call should know.
STALE = 0.001

# Bits of NEWS; lib/python/python-socket.ts says what they mean.
AHEAD = 1
OVER = 2
CLOSED = 4
DROPPED = 8
WATCHED = 16


class Exchange:
    """One thread reads frames, for all that wait for some: an application may have threads of its own."""

    _condition = None
    _answers = None
    _call_number = 0
    _reading = False
    _waiting = 0
    # Bytes of the body that the client has not taken yet.
    _unsettled = 0
    # No more of the body is wanted.
    _gone = False
    # The response is complete: frames that come are another request's.
    _over = False
    # Of a WebSocket: whether the handshake was answered, what is known, messages that were sent ahead, how many those were.
    opened = False
    _news_bits = 0
    _inbox = None
    pushed = 0
    # Bytes of those that the application has had since the gateway was last told.
    _had = 0
    # When frames were last looked for.
    _looked = 0

    def __init__(self, channel, number):
        self._channel = channel
        self._number = number

    @property
    def _news(self):
        if self._condition is None:
            with _making:
                if self._condition is None:
                    self._answers = {}
                    self._condition = threading.Condition()
        return self._condition

    def _send(self, kind, payload=b''):
        self._channel.send(kind, self._number, payload)

    def _ask(self, kind, payload):
        return wire.unpacked(self._call(kind, payload)[1])

    def _call(self, kind, payload, buffer=None):
        """Sends a frame and waits for its answer: kind and payload. Raises what the gateway answers with.

        Bytes may be in the buffer then, where there is one: the payload is their number.
        """
        with self._news:
            self._call_number = number = self._call_number + 1
            self._waiting += 1
        try:
            self._channel.send(kind, self._number, payload, number)
            kind, payload = self._read_until(lambda: self._answers.pop(number, None), number, buffer)
        finally:
            with self._news:
                self._waiting -= 1
                self._news.notify_all()
        if kind == wire.ERROR:
            raise errors.made(wire.unpacked(payload)[0], number)
        return kind, payload

    def _read_until(self, found, number=0, buffer=None):
        """Reads frames, or lets another thread read them, until `found()` gives something.

        Bytes for the call of that number go into its buffer, where this thread is the one that reads.
        """
        with self._news:
            while True:
                result = found()
                if result:
                    return result
                if not self._reading:
                    break
                self._news.wait()
            self._reading = True
        try:
            while not result:
                frame = self._channel.read(number, buffer)
                with self._news:
                    self._take(frame)
                    self._news.notify_all()
                    result = found()
            return result
        finally:
            with self._news:
                self._reading = False
                self._news.notify_all()

    def _take(self, frame):
        kind, request, call, payload = frame
        if request != self._number:
            return
        if kind == wire.TAKEN:
            self._unsettled -= int.from_bytes(payload, 'big')
        elif kind == wire.GONE:
            self._gone = True
        elif call:
            self._answers[call] = kind, payload
        elif kind == wire.TEXT or kind == wire.BINARY:
            if self._inbox is None:
                self._inbox = deque()
            self._inbox.append((kind, payload))
            self.pushed += 1
        elif kind == wire.NEWS:
            self._news_bits = payload[0]
            if payload[0] & DROPPED and self._inbox:
                self._inbox.clear()

    def _look(self):
        """What the gateway has to say, without a wait."""
        with self._news:
            self._looked = time.monotonic()
            while not self._reading and not self._over:
                frame = self._channel.poll()
                if frame is None:
                    return
                self._take(frame)
                self._news.notify_all()

    def _abandon(self):
        """What threads wait for that the application has left behind fails. After this, none of them reads frames."""
        if self._condition is None:
            return
        with self._news:
            if self._waiting:
                self._send(wire.ABANDON)
            # They read for themselves.
            while self._waiting:
                self._news.wait()

    # Messages of a WebSocket

    def next_message(self, waits):
        """The next message that the gateway has sent ahead; None where it has to be asked for one. `waits` for it to come."""
        if self._inbox:
            # The server may have stopped: then they are not to be received.
            self._look()
        while True:
            try:
                kind, payload = self._inbox.popleft()
            except (AttributeError, IndexError):
                # None is here.
                if not waits or self._news_bits & (AHEAD | OVER) != AHEAD:
                    return None
                self._wait_for_message()
                continue
            return self._given(kind, payload)

    def _given(self, kind, payload):
        with self._news:
            self._had += len(payload) + MESSAGE_BYTES
            had = self._had if self._had >= TELL else 0
            self._had -= had
        if had:
            self._send(wire.RECEIVED, wire.uint32(had))
        return payload.decode('utf-8') if kind == wire.TEXT else payload

    def _wait_for_message(self):
        self._wait(lambda: self._inbox or self._news_bits & OVER)

    def _wait(self, found):
        """As `_read_until`, for a thread that the application may leave behind: `_abandon` waits for it."""
        with self._news:
            self._waiting += 1
        try:
            self._read_until(found)
            self._looked = time.monotonic()
        finally:
            with self._news:
                self._waiting -= 1
                self._news.notify_all()

    def send_message(self, data, binary, compress):
        """Sends a message, and waits only while the client is too far behind. False: the gateway has to be asked."""
        if not self._news_bits & WATCHED:
            return False
        if self._unsettled > WINDOW or time.monotonic() - self._looked > STALE:
            self._look()
        if self._unsettled > WINDOW:
            self._wait(lambda: self._unsettled <= WINDOW or self._over or self._news_bits & CLOSED)
        if self._over or self._news_bits & CLOSED:
            return False
        with self._news:
            self._unsettled += len(data) + MESSAGE_BYTES
        self._channel.send(wire.SEND_BINARY if binary else wire.SEND_TEXT, self._number, data, 0 if compress else 1)
        return True

    def socket_closed(self):
        """Whether nothing can be sent any more; None where the gateway has to be asked."""
        if not self._news_bits & WATCHED:
            return None
        self._look()
        return self._news_bits & CLOSED != 0
