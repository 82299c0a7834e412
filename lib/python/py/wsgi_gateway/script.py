"""A script that starts servers itself: what the gateway and these servers know of each other."""
import functools
import os
import sys
import threading
from threading import get_ident

# Set by the host: `serve(application, host, port)` serves until the gateway stops.
serve = None
# Set by the host: whether the gateway serves the application now.
is_serving = None
# Set by the host: a script runs, of which no application was named.
is_running = False
# Set by the host: no other process of the application runs beside this one.
is_alone = True
# A server was made that is to serve later.
made = False

# The thread that loads the application, and its process.
_main = get_ident()
_process = os.getpid()


def begin():
    """This thread loads the application."""
    global _main, _process
    _main, _process = get_ident(), os.getpid()


def is_in_main():
    return get_ident() == _main


def is_forked():
    """A process that the application has forked, as by `multiprocessing`, listens by itself."""
    return os.getpid() != _process


def here(ours, original):
    """A function that serves: `ours`, and that of the library in a process that was forked."""

    @functools.wraps(original)
    def serve_either(*args, **options):
        return (original if is_forked() else ours)(*args, **options)

    return serve_either


def is_main():
    """Whether this thread serves the application. A daemon thread goes with another, as that of prometheus_client for metrics."""
    if is_forked():
        return False
    thread = threading.current_thread()
    if is_in_main():
        # Where gevent or eventlet have replaced threads, those are here too.
        return not thread.daemon or isinstance(thread, threading._DummyThread)
    return is_running and not thread.daemon


def other_threads():
    """Those that the end of a script waits for."""
    return [one for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]


def say(text):
    sys.stderr.write('wsgi: %s\n' % text)


def say_tls():
    say('the TLS of the script is not used: give the gateway --certfile and --keyfile')
