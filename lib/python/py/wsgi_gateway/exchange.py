"""What one request and the gateway say to each other in frames: calls that are answered, and news of the client."""
import threading

from . import channel as wire
from . import errors

_making = threading.Lock()


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

    def _look(self):
        """What the gateway has to say, without a wait."""
        with self._news:
            while not self._reading:
                frame = self._channel.poll()
                if frame is None:
                    return
                self._take(frame)
                self._news.notify_all()
