"""Processes that the application forks: `os.fork()`, and `multiprocessing` where that is how it starts them.

The connection to the gateway stays the parent's: a child that answered there, or took requests, would do so in its name.
"""
import os
import signal
import sys
import traceback

from .request import Request
from .streams import current

# What a process of Python does at these signals: `Process.terminate()` sends one.
_DEFAULTS = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}


def prepare(slots, handlers, then):
    """Lets go in each child. `handlers`: those of the gateway, by signal. `then()` is called last."""

    def let_go():
        for slot in slots:
            slot.channel.let_go()
        current.request = None
        for number, handler in handlers.items():
            if signal.getsignal(number) == handler:
                signal.signal(number, _DEFAULTS[number])
        then()

    os.register_at_fork(after_in_child=let_go)


class ForkableRequest(Request):
    """A request whose handler may fork, and end in the child as well."""

    def _fail(self, error):
        if self._channel.forked:
            end(error)
        super()._fail(error)


def end(error=None):
    """Ends a child whose handler is through: there is no request of its own to answer."""
    code = 0
    if isinstance(error, SystemExit):
        code = error.code
        if code is not None and not isinstance(code, int):
            sys.stderr.write('%s\n' % (code,))
            code = 1
    elif error is not None:
        sys.stderr.write(''.join(traceback.format_exception(type(error), error, error.__traceback__)))
        code = 1
    # What the parent does at its end is not to be done here: atexit, what a script has after its server.
    os._exit((code or 0) & 0xFF)
