"""A thread of Pyodide with many handlers at a time: one runs, and each of the others waits in a promise (JSPI).

Every handler has a stack of WebAssembly of its own. Pyodide switches Python's thread state with it: calls, the exceptions
that are handled, the depth of recursion, context variables. What belongs to a thread otherwise is replaced by what belongs
to a handler: pyodide_handlers.py.
"""
import asyncio
import contextvars
import json

from . import errors, pyodide_handlers, pyodide_patches
from .channel import WHOLE, encode, told_of
from .pyodide_channel import HEAD, TOLD
from .pyodide_handlers import pause
from .pyodide_host import PyodideHost
from .request import Request
from .streams import current

_SIZE = HEAD.size
# Bytes of payload that go in one.
_ROOM = 65536


class Pipe:
    """The memory that frames of all handlers go through. Nobody else runs while one is in it."""

    def __init__(self, bridge, interrupted):
        """`interrupted` is called when the gateway has asked for KeyboardInterrupt; it may raise that."""
        memory = bytearray(_SIZE + _ROOM)
        bridge.attach(memory)
        self._memory = memory
        self._view = memoryview(memory)
        self._pass = bridge.send
        self._take = bridge.take
        self._interrupted = interrupted
        self._sending = False
        self._late = False

    def send(self, kind, request, payload=b'', call=0):
        if self._sending:
            # The garbage collector calls in the middle of it, and the memory is in use.
            raise errors.GatewayClosed()
        self._sending = True
        try:
            size = len(payload)
            payload = memoryview(payload)
            # Once for no bytes, too.
            for start in range(0, size or 1, _ROOM):
                piece = payload[start : start + _ROOM]
                end = _SIZE + len(piece)
                HEAD.pack_into(self._memory, 0, kind, start + _ROOM < size, request, call)
                self._view[_SIZE:end] = piece
                self._pass(end)
        finally:
            self._sending = False
        if self._late:
            self._late = False
            self._interrupted()

    def tell(self, message):
        self.send(TOLD, 0, encode(message).encode('utf-8', 'replace'))

    def is_sending(self):
        """Whether an interrupt would cut a frame: it is to come later."""
        self._late = self._sending
        return self._sending

    def next_of(self, request, parts):
        while True:
            size = self._take(request)
            if not size:
                return None
            kind, more, number, call = HEAD.unpack_from(self._memory)
            payload = bytes(self._view[_SIZE:size])
            if more:
                parts.append(payload)
                continue
            if parts:
                payload = b''.join([*parts, payload])
                parts.clear()
            return kind, number, call, payload


class HandlerChannel:
    """The frames of one handler."""

    broken = False

    def __init__(self, pipe, number):
        self.send = pipe.send
        self._pipe = pipe
        self._number = number
        self._parts = []

    def read(self):
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
        request = Request(channel, number, self._facts, told)
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


def install():
    """What can be saved in a snapshot."""
    pyodide_patches.install()
    pyodide_handlers.install()
