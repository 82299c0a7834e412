"""What Pyodide lacks, or does by burning the processor: waits that can be woken, the umask, and functions of OpenSSL.

There is one thread, and nobody else to release what it waits for: a wait with a time-out takes its time, and one without
ends with KeyboardInterrupt. `install` may come long before `activate`: what it changes can be saved in a snapshot.
"""
import _thread
import hashlib
import operator
import os
import queue
import select
import threading
import time

_FOREVER = 3600

# Set by `activate`. `pause` waits so many milliseconds, and says whether it was woken before.
_bridge = None
pause = None
_interrupted = None


def install(lock=None):
    """`lock`: the class of locks, where it is not that of this file."""
    lock = lock or Lock
    time.sleep = sleep
    _thread.allocate_lock = _thread.allocate = _thread.LockType = _thread.lock = lock
    threading.Lock = threading._allocate_lock = lock
    queue.SimpleQueue = queue._PySimpleQueue
    select.select = _select
    if not hasattr(hashlib, 'pbkdf2_hmac'):
        hashlib.pbkdf2_hmac = pbkdf2_hmac
    if not hasattr(hashlib, 'scrypt'):
        hashlib.scrypt = scrypt


def activate(bridge, interrupted, pid):
    global _bridge, _interrupted, pause
    _bridge, _interrupted = bridge, interrupted
    if pause is None:
        pause = bridge.sleep
    os.getpid = lambda: pid
    os.umask = umask
    # Pyodide has said that an event loop runs here: frameworks would refuse to block.
    import asyncio

    asyncio._set_running_loop(None)


def sleep(seconds, /):
    """time.sleep, which lets the processor rest."""
    if isinstance(seconds, str) or not hasattr(seconds, '__float__') and not hasattr(seconds, '__index__'):
        raise TypeError("'%s' object cannot be interpreted as an integer" % type(seconds).__name__)
    seconds = float(seconds)
    if seconds != seconds:
        raise ValueError('Invalid value NaN (not a number)')
    if seconds < 0:
        raise ValueError('sleep length must be non-negative')
    end = time.monotonic() + seconds
    while pause(seconds * 1000):
        _interrupted()
        seconds = max(0, end - time.monotonic())


class Lock:
    """threading.Lock."""

    __slots__ = ('_held', '__weakref__')

    def __init__(self):
        self._held = False

    def __repr__(self):
        state = 'locked' if self._held else 'unlocked'
        return '<%s _thread.lock object at %#x>' % (state, id(self))

    def acquire(self, blocking=True, timeout=-1):
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError('timeout value must be a non-negative number')
        if self._held and not (blocking and self._wait(None if timeout == -1 else timeout)):
            return False
        self._held = True
        return True

    acquire_lock = acquire

    def _wait(self, timeout):
        """Whether it can be had now."""
        if timeout is not None:
            sleep(timeout)
        while self._held and timeout is None:
            sleep(_FOREVER)
        return not self._held

    def release(self):
        if not self._held:
            raise RuntimeError('release unlocked lock')
        self._held = False

    release_lock = release

    def locked(self):
        return self._held

    locked_lock = locked

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()

    def _at_fork_reinit(self):
        self._held = False


_real_select = select.select


def _select(rlist, wlist, xlist, timeout=None, /):
    """As a sleep, which is all that there is to wait for."""
    if rlist or wlist or xlist or timeout is None:
        return _real_select(rlist, wlist, xlist, timeout)
    sleep(timeout)
    return [], [], []


def umask(mask, /):
    """os.umask, of this thread."""
    return _bridge.umask(operator.index(mask))


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    """hashlib.pbkdf2_hmac, of Node's OpenSSL."""
    if iterations < 1:
        raise ValueError('iteration value must be greater than 0.')
    size = hashlib.new(hash_name).digest_size if dklen is None else dklen
    if size < 1:
        raise ValueError('key length must be greater than 0.')
    return _derived('pbkdf2', password, salt, {'digest': hash_name, 'iterations': iterations, 'size': size})


def scrypt(password, *, salt, n, r, p, maxmem=0, dklen=64):
    """hashlib.scrypt, of Node's OpenSSL."""
    if n < 2 or n & (n - 1):
        raise ValueError('n must be a power of 2.')
    options = {'N': n, 'r': r, 'p': p, 'maxmem': maxmem or 32 * 1024 * 1024, 'size': dklen}
    return _derived('scrypt', password, salt, options)


def _derived(kind, password, salt, options):
    import json

    told = _bridge.derive(kind, bytes(password).hex(), bytes(salt).hex(), json.dumps(options))
    value, _, failure = told.partition(' ')
    if failure:
        raise ValueError(failure)
    return bytes.fromhex(value)
