"""A thread that takes requests: its channel to the gateway, and the request that it works on."""
from . import channel as wire
from . import errors
from .request import Request


class Slot:
    def __init__(self, channel):
        self.channel = channel
        # Its number; 0: none.
        self.request = 0

    def work(self, application, facts, served=lambda: None):
        """Until the gateway closes the channel. `served` is called after each request."""
        while not self.channel.broken:
            try:
                self._serve(application, facts, served)
            except errors.GatewayClosed:
                return
            except KeyboardInterrupt:
                # It came too late for its request.
                continue

    def _serve(self, application, facts, served):
        number, payload = self._next()
        self.request = number
        try:
            Request(self.channel, number, facts, payload).run(application)
        finally:
            self.request = 0
        served()

    def _next(self):
        """The next request: its number, and what is told of it."""
        while True:
            kind, number, _, payload = self.channel.read()
            if kind == wire.REQUEST:
                return number, payload
