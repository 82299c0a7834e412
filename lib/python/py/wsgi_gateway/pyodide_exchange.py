"""What one request and the gateway say to each other where there are no threads: nobody else reads frames, and there are no locks."""
from . import channel as wire
from . import errors
from .exchange import AHEAD, CLOSED, MESSAGE_BYTES, OVER, WINDOW, Exchange


class LoneExchange(Exchange):
    def __init__(self, channel, number):
        super().__init__(channel, number)
