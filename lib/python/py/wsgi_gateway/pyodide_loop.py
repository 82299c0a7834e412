"""asyncio in a thread of Pyodide: an event loop that blocks, for `asyncio.run`, and for asgiref, as in async views of Django and Flask.

That of Pyodide is JavaScript's, which does not turn while a handler runs. Here nothing comes from elsewhere: there are no
sockets and no threads. What is to run in another thread runs at once, in this one.
"""
import asyncio
import time
from asyncio import events, tasks
from concurrent.futures import Executor, Future
from contextlib import contextmanager

_FOREVER = 3600


class _Selector:
    """What BaseEventLoop waits with."""

    def select(self, timeout=None):
        if timeout != 0:
            time.sleep(_FOREVER if timeout is None else timeout)
        return []


class BlockingLoop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = _Selector()

    def _process_events(self, event_list):
        """There are none."""

    def _write_to_self(self):
        """Nobody else wakes it."""

    def run_in_executor(self, executor, func, *args):
        self._check_closed()
        return asyncio.wrap_future(InlineExecutor().submit(func, *args), loop=self)


class _Policy(events._BaseDefaultEventLoopPolicy):
    _loop_factory = BlockingLoop


class InlineExecutor(Executor):
    """In the place of threads, and of asgiref's CurrentThreadExecutor."""

    def __init__(self, *_args, **_options):
        """There is nothing to start."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            with _outside_of_loop():
                future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def run_until_future(self, _future):
        """It is done."""


@contextmanager
def _outside_of_loop():
    """As in another thread: there no loop runs, and another one may."""
    loop = events._get_running_loop()
    task = tasks._swap_current_task(loop, None) if loop else None
    events._set_running_loop(None)
    try:
        yield
    finally:
        events._set_running_loop(loop)
        if loop:
            tasks._swap_current_task(loop, task)


def activate():
    events._set_event_loop_policy(_Policy())


def asgiref(module):
    """Changes `asgiref.sync`."""
    module.ThreadPoolExecutor = module.CurrentThreadExecutor = InlineExecutor
    module.SyncToAsync.single_thread_executor = InlineExecutor()
    original = module.AsyncToSync.__init__

    def init(self, awaitable, force_new_loop=False):
        # The loop above waits for this call.
        original(self, awaitable, True)

    module.AsyncToSync.__init__ = init
