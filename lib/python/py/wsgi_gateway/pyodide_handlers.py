"""What belongs to a thread in Python, and to a handler here: waiting, locks, `threading.local`, who one is."""
import _thread
import asyncio
import gc
import sys
import threading
import time
from collections import deque

import pyodide.ffi

from . import pyodide_patches
from .streams import current

_can_run_sync = pyodide.ffi.can_run_sync
_run_sync = pyodide.ffi.run_sync
_ensure_future = asyncio.ensure_future
_main_thread = _thread.get_ident()

# Set by `activate`.
_bridge = None
_loop = None

# What is waited for at this moment: a promise, which needs no task of asyncio around it.
_awaited = None


def install():
    """What can be saved in a snapshot."""
    pyodide_patches.install(Lock)
    threading.get_ident = _thread.get_ident = get_ident
    # The class that is written in Python: its owner is a handler.
    threading._CRLock = None
    threading.local = _thread._local = local
    threading._DeleteDummyThreadOnDel = _keep
    asyncio.ensure_future = ensure_future
    for module in list(sys.modules.values()):
        if getattr(module, 'run_sync', None) is _run_sync and module is not sys.modules[__name__]:
            module.run_sync = run_sync


def activate(bridge):
    global _bridge, _loop
    _bridge = bridge
    _loop = asyncio.get_event_loop()
    gc.disable()
    gc.enable = _nothing
    # Pyodide asks for it at each switch of stacks.
    asyncio.get_event_loop = get_event_loop
    pyodide_patches.pause = _sleep


def get_event_loop():
    return _loop


def ensure_future(awaitable, *, loop=None):
    """asyncio.ensure_future, but for promises that a handler waits for."""
    return awaitable if awaitable is _awaited else _ensure_future(awaitable, loop=loop)


def _nothing():
    """gc.enable: see `collect`."""


def _keep(_thread):
    """A dummy of a handler's place is there for the next one in it."""


# Garbage

# Objects that were made, and not deleted, since the last collection.
_MOST = 20_000
_rest_until = 0


def collect():
    """In the place of automatic collections, which look at the calls of all threads: of those that wait the stack of C is elsewhere.

    A full one does not look at them. No more than a twentieth of the time goes into it.
    """
    global _rest_until
    if gc.get_count()[0] < _MOST:
        return
    start = time.monotonic()
    if start < _rest_until:
        return
    gc.collect()
    end = time.monotonic()
    _rest_until = end + 20 * (end - start)


# Waiting


def pause(seconds=None):
    """Lets others run: until there is something to look at, or that time is over. It may also come back for nothing.

    Raises KeyboardInterrupt if that is asked for.
    """
    global _awaited
    collect()
    request = current.request
    number = 0 if request is None else request._number
    milliseconds = -1 if seconds is None else seconds * 1000
    if _can_run_sync():
        current.request = None
        try:
            _awaited = _bridge.pause(number, milliseconds)
            _run_sync(_awaited)
        finally:
            current.request = request
            # Pyodide has set it meanwhile.
            asyncio._set_running_loop(None)
    else:
        _bridge.block(number, milliseconds)
    if _bridge.resumed(number):
        raise KeyboardInterrupt()


def run_sync(awaitable):
    """pyodide.ffi.run_sync, for applications: others run meanwhile."""
    request = current.request
    current.request = None
    _bridge.left()
    try:
        return _run_sync(awaitable)
    finally:
        current.request = request
        if _bridge.resumed(0 if request is None else request._number):
            raise KeyboardInterrupt()


def _sleep(milliseconds):
    """For pyodide_patches.sleep: it ends early for KeyboardInterrupt only, which is raised here."""
    end = time.monotonic() + milliseconds / 1000
    left = milliseconds / 1000
    while True:
        pause(left)
        left = end - time.monotonic()
        if left <= 0:
            return False


class Lock(pyodide_patches.Lock):
    """threading.Lock. Those that wait for it get it in their order, unless somebody comes first."""

    __slots__ = ('_waiting',)

    def __init__(self):
        super().__init__()
        self._waiting = None

    def _wait(self, timeout):
        if self._waiting is None:
            self._waiting = deque()
        waiting = self._waiting
        request = current.request
        number = 0 if request is None else request._number
        end = None if timeout is None else time.monotonic() + timeout
        waiting.append(number)
        try:
            while self._held:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return False
                pause(left)
            self._held = True
            return True
        finally:
            waiting.remove(number)
            if not self._held:
                # It was woken, and does not take it.
                self._wake()

    def release(self):
        super().release()
        if self._waiting:
            self._wake()

    release_lock = release

    def _wake(self):
        if self._waiting:
            _bridge.wake(self._waiting[0])


# Who one is


class Places:
    """A handler has a number as a thread has one: the lowest that is free, so that there are no more of them than handlers."""

    def __init__(self):
        self._free = []
        self._count = 0

    def take(self):
        if self._free:
            return self._free.pop()
        self._count += 1
        return self._count

    def give(self, place):
        self._free.append(place)


def get_ident():
    request = current.request
    return _main_thread if request is None else _main_thread + request.place


_of_main = {}


def _values():
    """What the locals of this handler hold: they end with it."""
    request = current.request
    if request is None:
        return _of_main
    try:
        return request.locals
    except AttributeError:
        request.locals = {}
        return request.locals


class _Facts:
    """Of a `local`: how it is made for a handler, and which one it was used by at last."""

    __slots__ = ('args', 'kwargs', 'owner')


class local:
    """threading.local, by handler. Only one runs: the attributes are exchanged when another one comes."""

    __slots__ = ('_local__facts', '__dict__', '__weakref__')

    def __new__(cls, /, *args, **kwargs):
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError('Initialization arguments are not supported')
        self = object.__new__(cls)
        facts = _Facts()
        facts.args, facts.kwargs, facts.owner = args, kwargs, _values()
        object.__setattr__(self, '_local__facts', facts)
        facts.owner[facts] = object.__getattribute__(self, '__dict__')
        return self

    def __getattribute__(self, name):
        facts = _facts_of(self)
        if facts.owner is not _values():
            _exchange(self, facts)
        return object.__getattribute__(self, name)

    def __setattr__(self, name, value):
        if name == '__dict__':
            raise AttributeError("'%s' object attribute '__dict__' is read-only" % type(self).__name__)
        facts = _facts_of(self)
        if facts.owner is not _values():
            _exchange(self, facts)
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        if name == '__dict__':
            raise AttributeError("'%s' object attribute '__dict__' is read-only" % type(self).__name__)
        facts = _facts_of(self)
        if facts.owner is not _values():
            _exchange(self, facts)
        object.__delattr__(self, name)


_facts_of = local._local__facts.__get__


def _exchange(self, facts):
    values = _values()
    facts.owner = values
    attributes = values.get(facts)
    if attributes is not None:
        object.__setattr__(self, '__dict__', attributes)
        return
    attributes = values[facts] = {}
    object.__setattr__(self, '__dict__', attributes)
    cls = type(self)
    if cls.__init__ is not object.__init__:
        cls.__init__(self, *facts.args, **facts.kwargs)
