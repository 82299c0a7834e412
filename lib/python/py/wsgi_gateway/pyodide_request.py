"""A request in a thread of Pyodide that has one at a time: nobody else reads its frames, so there is nothing to lock."""
from . import channel as wire
from . import errors
from .exchange import CLOSED, MESSAGE_BYTES, WINDOW
from .request import Request


class LoneRequest(Request):
    def _call(self, kind, payload):
        self._call_number = number = self._call_number + 1
        if self._answers is None:
            self._answers = {}
        self._channel.send(kind, self._number, payload, number)
        answers = self._answers
        while number not in answers:
            self._take(self._channel.read())
        kind, payload = answers.pop(number)
        if kind == wire.ERROR:
            raise errors.made(wire.unpacked(payload)[0], number)
        return kind, payload

    def _read_until(self, found):
        while True:
            result = found()
            if result:
                return result
            self._take(self._channel.read())

    def _look(self):
        frame = self._channel.poll()
        while frame is not None:
            self._take(frame)
            frame = self._channel.poll()

    def _wait_for_message(self):
        self._take(self._channel.read())

    def send_message(self, data, binary, compress):
        if not self.opened:
            return False
        self._look()
        if self._unsettled > WINDOW:
            self._read_until(lambda: self._unsettled <= WINDOW or self._news_bits & CLOSED)
        if self._news_bits & CLOSED:
            return False
        self._unsettled += len(data) + MESSAGE_BYTES
        self._channel.send(wire.SEND_BINARY if binary else wire.SEND_TEXT, self._number, data, not compress)
        return True
