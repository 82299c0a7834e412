"""Handlers that start processes by os.fork(), also through multiprocessing."""
import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time

from wsocket import publish

PLAIN = [('Content-Type', 'text/plain')]
FORK = multiprocessing.get_context('fork')


def status(environ, start_response):
    """How a child ends that does this: 256 times its exit code, or a signal."""
    way = environ['QUERY_STRING']
    atexit.register(print, 'atexit ran')
    pid = os.fork()
    if pid == 0:
        print('the child prints')
        if way == 'exits':
            sys.exit(3)
        if way == 'raises':
            raise ValueError('in the child')
        if way == 'waits':
            time.sleep(30)
        start_response('200 OK', PLAIN)
        return [b'from the child']
    if way == 'waits':
        time.sleep(0.1)
        os.kill(pid, signal.SIGTERM)
    code = os.waitpid(pid, 0)[1]
    start_response('200 OK', PLAIN)
    return [b'%d %d' % (os.getpid(), code)]


def pid(environ, start_response):
    start_response('200 OK', PLAIN)
    return [b'%d' % os.getpid()]


def pool(environ, start_response):
    with FORK.Pool(2) as workers:
        result = workers.map(abs, [-1, -2])
    start_response('200 OK', PLAIN)
    return [repr(result).encode()]


def publishes(environ, start_response):
    child = FORK.Process(target=publish, args=('news', 'from a child'))
    child.start()
    child.join()
    start_response('200 OK', PLAIN)
    return [b'%d' % child.exitcode]


RELEASED = threading.Event()


def holds(environ, start_response):
    """Has its thread until it is released."""
    RELEASED.wait()
    RELEASED.clear()
    start_response('200 OK', PLAIN)
    return [threading.current_thread().name.encode()]


def releases(environ, start_response):
    RELEASED.set()
    start_response('200 OK', PLAIN)
    return [threading.current_thread().name.encode()]


def application(environ, start_response):
    return globals()[environ['PATH_INFO'].strip('/')](environ, start_response)
