"""A request in a thread of Pyodide that has one at a time: nobody else reads its frames, so there is nothing to lock."""
from contextlib import nullcontext

from . import errors
from . import frames as wire
from .exchange import AHEAD, CLOSED, MESSAGE_BYTES, OVER, WATCHED, WINDOW
from .request import Request


class LoneRequest(Request):
    _news = nullcontext()

    def _call(self, kind, payload, buffer=None):
        self._call_number = number = self._call_number + 1
        if self._answers is None:
            self._answers = {}
        self._channel.send(kind, self._number, payload, number)
        answers = self._answers
        while number not in answers:
            self._take(self._channel.read(number, buffer))
        kind, payload = answers.pop(number)
        if kind == wire.ERROR:
            raise errors.made(wire.unpacked(payload)[0], number)
        return kind, payload

    def _read_until(self, found, number=0, buffer=None):
        while True:
            result = found()
            if result:
                return result
            self._take(self._channel.read(number, buffer))

    def _look(self):
        frame = self._channel.poll()
        while frame is not None:
            self._take(frame)
            frame = self._channel.poll()

    def next_message(self, waits):
        if self._inbox or not waits or self._news_bits & (AHEAD | OVER) != AHEAD:
            return super().next_message(waits)
        frame = self._channel.read()
        kind, request, _, payload = frame
        if (kind != wire.TEXT and kind != wire.BINARY) or request != self._number:
            self._take(frame)
            return self.next_message(waits)
        # It does not go through the inbox: nothing is before it.
        self.pushed += 1
        return self._given(kind, payload)

    def _wait_for_message(self):
        self._take(self._channel.read())

    def send_message(self, data, binary, compress):
        if self._news_bits & (WATCHED | CLOSED) != WATCHED:
            return False
        if self._unsettled > WINDOW:
            self._read_until(lambda: self._unsettled <= WINDOW or self._news_bits & CLOSED)
        self._unsettled += len(data) + MESSAGE_BYTES
        kind = wire.SEND_BINARY if binary else wire.SEND_TEXT
        if not self._channel.send(kind, self._number, data, 0 if compress else 1):
            return True
        self._look()
        return not self._news_bits & CLOSED
