"""A thread that takes requests: its channel to the gateway, and the request that it works on."""
from . import errors
from . import frames as wire
from .request import Request


class Slot:
    def __init__(self, channel, make_request=Request):
        self.channel = channel
        self._make_request = make_request
        # Its number; 0: none.
        self.request = 0

    def work(self, application, environs):
        """Until the gateway closes the channel."""
        while not self.channel.broken:
            try:
                self.serve(*self._next(), application, environs)
            except errors.GatewayClosed:
                return
            except KeyboardInterrupt:
                # It came too late for its request.
                continue

    def serve(self, number, told, application, environs):
        self.request = number
        try:
            self._make_request(self.channel, number, environs, told).run(application)
        finally:
            self.request = 0

    def _next(self):
        """The next request: its number, and what is told of it."""
        number, payload = self.channel.request()
        return number, wire.told_of(payload)
