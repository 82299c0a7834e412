"""Applications by path, for the specs of Pyodide: what it lacks, and how it fails."""
import json
import os
import queue
import sys
import tempfile
import threading
import time
from hashlib import pbkdf2_hmac, scrypt

import behaviour

PLAIN = behaviour.PLAIN
BORN = '%s' % time.time_ns()


def answer(start_response, *told):
    start_response('200 OK', PLAIN)
    return [' '.join(map(str, told)).encode()]


def born(environ, start_response):
    """Which thread it is."""
    return answer(start_response, BORN)


def waits(environ, start_response):
    """In every way that Python has, of which none burns the processor."""
    lock = threading.Lock()
    lock.acquire()
    condition = threading.Condition()
    with condition:
        told = [
            time.sleep(0.3),
            lock.acquire(timeout=0.3),
            threading.Event().wait(0.3),
            condition.wait(0.3),
            threading.Semaphore(0).acquire(timeout=0.3),
        ]
    for kind in (queue.Queue, queue.SimpleQueue):
        try:
            kind().get(timeout=0.3)
        except queue.Empty:
            told.append('Empty')
    return answer(start_response, *told)


def deadlock(environ, start_response):
    lock = threading.Lock()
    lock.acquire()
    try:
        lock.acquire()
    finally:
        print('finally ran')


def deep(environ, start_response):
    return answer(start_response, behaviour.says(lambda: json.loads('[' * 100000)))


def large(environ, start_response):
    block = b'x' * (600 * 1024 * 1024)
    return answer(start_response, len(block))


def fatal(environ, start_response):
    import ctypes

    ctypes.memset(2**31, 0, 2**31 - 1)


def derives(environ, start_response):
    return answer(
        start_response,
        pbkdf2_hmac('sha256', b'password', b'salt', 1000).hex(),
        scrypt(b'password', salt=b'salt', n=1024, r=8, p=1).hex(),
        behaviour.says(lambda: pbkdf2_hmac('nothing', b'', b'', 1)),
    )


def facts(environ, start_response):
    return answer(
        start_response,
        environ['wsgi.multithread'],
        environ['wsgi.multiprocess'],
        os.getcwd(),
        os.environ.get('WSGI_SPEC'),
        __file__,
        os.getpid(),
    )


def creates(environ, start_response):
    """Permissions of files and folders, with the umask of the process and with others."""
    told = []
    for mask in (None, 0o077, 0):
        before = os.umask(0 if mask is None else mask)
        if mask is None:
            os.umask(before)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'one')
            open(path, 'w').close()
            os.mkdir(path + 's', 0o777)
            os.close(os.open(path + '_more', os.O_CREAT | os.O_WRONLY, 0o640))
            told += ['%o' % (os.stat(path + end).st_mode & 0o777) for end in ('', 's', '_more')]
            with open(path) as file:
                told.append(file.read() == '')
        told.append('%o' % os.umask(before))
    return answer(start_response, *told)


def starts_thread(environ, start_response):
    return answer(start_response, behaviour.says(threading.Thread(target=print).start))


def application(environ, start_response):
    name = environ['PATH_INFO'].strip('/').replace('-', '_')
    handler = globals().get(name)
    if handler is None:
        return behaviour.application(environ, start_response)
    return handler(environ, start_response)
