"""What one request and the gateway say to each other in frames: calls that are answered, and news of the client."""
import threading
from collections import deque

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

    def _call(self, kind, payload):
        """Sends a frame and waits for its answer: kind and payload. Raises what the gateway answers with."""
        number = self._begin_call()
        try:
            self._channel.send(kind, self._number, payload, number)
            return self._answer_to(number)
        finally:
            self._end_call(number)

    def _fill(self, kind, buffer, all):
        """A call whose answer is bytes, for a buffer: how many, and whether they ended. With `all` they come in pieces."""
        size, done = len(buffer), 0
        number = self._begin_call()
        try:
            self._channel.send(kind, self._number, wire.packed([size, all]), number)
            while True:
                target = buffer[done:] if done else buffer
                kind, payload = self._answer_to(number, target)
                if kind == wire.END:
                    return done, True
                if payload.__class__ is int:
                    # It is in the buffer already.
                    done += payload
                else:
                    target[: len(payload)] = payload
                    done += len(payload)
                if done == size or not all:
                    return done, False
        finally:
            self._end_call(number)

    def _begin_call(self):
        with self._news:
            self._call_number = number = self._call_number + 1
            self._answers[number] = deque()
            self._waiting += 1
        return number

    def _end_call(self, number):
        with self._news:
            del self._answers[number]
            self._waiting -= 1
            self._news.notify_all()

    def _answer_to(self, number, buffer=None):
        answers = self._answers[number]
        kind, payload = self._read_until(lambda: answers and answers.popleft(), number, buffer)
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
        elif call in self._answers:
            self._answers[call].append((kind, payload))

    def _look(self):
        """What the gateway has to say, without a wait."""
        with self._news:
            while not self._reading:
                frame = self._channel.poll()
                if frame is None:
                    return
                self._take(frame)
                self._news.notify_all()
