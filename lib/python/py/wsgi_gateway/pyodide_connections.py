"""A thread of Pyodide with many handlers at a time: one runs, and each of the others waits in a promise (JSPI).

Every handler has a stack of WebAssembly of its own. Pyodide switches Python's thread state with it: calls, the exceptions
that are handled, the depth of recursion, context variables. What belongs to a thread otherwise is replaced by what belongs
to a handler: pyodide_handlers.py.
"""
import asyncio
import contextvars
import json

from . import errors, pyodide_handlers
from .frames import WHOLE, told_of
from .pyodide_channel import Memory
from .pyodide_handlers import pause
from .pyodide_host import PyodideHost
from .request import Request
from .streams import current


class Pipe(Memory):
    """The memory, for the frames of all handlers. Nobody else runs while one is in it."""

    def __init__(self, bridge, interrupted):
        super().__init__(bridge, interrupted)
        self._take = bridge.take
        self._late = False

    def send(self, kind, request, payload=b'', call=0):
        super().send(kind, request, payload, call)
        if self._late:
            self._late = False
            self._interrupted()

    def is_sending(self):
        """Whether an interrupt would cut a frame: it is to come later."""
        self._late = self._sending
        return self._sending

    def next_of(self, request, parts):
        while True:
            size = self._take(request)
            if not size:
                return None
            frame = self._frame(size, parts)
            if frame is not None:
                return frame


class HandlerChannel:
    """The frames of one handler."""

    broken = False

    def __init__(self, pipe, number):
        self.send = pipe.send
        self._pipe = pipe
        self._number = number
        self._parts = []

    def read(self, _call=0, _buffer=None):
        """The next frame. Others run while it waits for that."""
        while True:
            frame = self._pipe.next_of(self._number, self._parts)
            if frame is not None:
                return frame
            pause()

    def whole(self, request, head, block):
        self.send(WHOLE, request, head + block)

    def poll(self):
        return self._pipe.next_of(self._number, self._parts)


class ConnectionsHost(PyodideHost):
    """`bridge`: what JavaScript does for Python (lib/python/pyodide/connections/bridge.ts)."""

    def __init__(self, bridge, start, config):
        super().__init__(bridge, config)
        self._pipe = self._slot.channel
        self._start = start
        self._application = None
        self._context = None
        self._places = pyodide_handlers.Places()

    def _open(self, bridge):
        return Pipe(bridge, self._on_interrupt)

    def main(self):
        pyodide_handlers.activate(self._bridge)
        return super().main()

    def _have_loop(self):
        """It has that of Pyodide, which switches stacks with it."""

    def _tell(self, **message):
        self._pipe.tell(message)

    def _work(self, application):
        self._application = application
        # What a handler sets is its own; what the modules of the application have set is there for all.
        self._context = contextvars.copy_context()
        self._start(self._serve)
        while not self._bridge.over():
            pause()

    def _serve(self):
        """Requests, one after the other: until one waits nobody has to switch stacks."""
        number = 0
        while True:
            number = self._bridge.begin(number)
            if not number:
                return
            # Frameworks would refuse to block.
            asyncio._set_running_loop(None)
            try:
                self._context.copy().run(self._handle, number)
            except (errors.GatewayClosed, KeyboardInterrupt):
                # It came too late for its request.
                current.request = None

    def _handle(self, number):
        channel = HandlerChannel(self._pipe, number)
        told = told_of(channel.read()[3])
        request = Request(channel, number, self._environs, told)
        request.place = self._places.take()
        try:
            request.run(self._application)
        finally:
            self._places.give(request.place)
        pyodide_handlers.collect()
        if self._config.get('watch'):
            self._look()

    def _on_interrupt(self, *_):
        request = current.request
        if request is not None and not self._pipe.is_sending() and self._bridge.interruptedIn(request._number):
            raise KeyboardInterrupt()


def main(bridge, start, config):
    return ConnectionsHost(bridge, start, json.loads(config)).main()
