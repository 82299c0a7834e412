"""Applications by path, for the specs of the gateway's Python side: good ones and bad ones."""
import hashlib
import io
import os
import random
import sys
import tempfile
import threading
import time
from wsgiref.validate import validator

try:
    import resource
except ImportError:
    # Pyodide has none.
    resource = None

PLAIN = [('Content-Type', 'text/plain')]


def hello(environ, start_response):
    start_response('200 OK', PLAIN)
    return [b'hello from Python at ' + environ['SCRIPT_NAME'].encode() + b'|' + environ['PATH_INFO'].encode()]


def whoami(environ, start_response):
    start_response('200 OK', PLAIN)
    return [b'%d' % os.getpid()]


def count(environ, start_response):
    """The length of the body, read in pieces."""
    total = 0
    while True:
        block = environ['wsgi.input'].read(100000)
        if not block:
            break
        total += len(block)
    start_response('200 OK', PLAIN)
    return [b'%d' % total]


def blocks(environ, start_response):
    start_response('200 OK', PLAIN)
    for _ in range(int(environ['QUERY_STRING'])):
        yield b'x' * 65536


def digest(environ, start_response):
    """The hash of the body, in pieces of a size that the query may give."""
    size = int(environ['QUERY_STRING'] or 65536)
    total = hashlib.sha256()
    for block in iter(lambda: environ['wsgi.input'].read(size), b''):
        total.update(block)
    start_response('200 OK', PLAIN)
    return [total.hexdigest().encode()]


def reads(environ, start_response):
    """Reads the body in every way, by a seed, beside a `BytesIO` of the same bytes (those of `pattern`)."""
    seed, length = (int(part) for part in environ['QUERY_STRING'].split('&'))
    expected = io.BytesIO(bytes((place * 31 + (place >> 8)) & 0xff for place in range(length)))
    source, choose = environ['wsgi.input'], random.Random(seed)
    result, left = 'the same', length
    while left >= 0 and result == 'the same':
        size = choose.choice((0, 1, 100, 8192, 65535, 65536, 65537, 200000, 262144, 300000))
        way = choose.choice(('read', 'read', 'readline', 'readlines', 'read1', 'readinto', 'rest'))
        if way == 'readinto':
            block = bytearray(size)
            got = bytes(block[: source.readinto(block)])
        elif way == 'rest':
            got = source.read() if choose.random() < 0.2 else b''
        else:
            got = getattr(source, way)(size or 1)
        # How much read1 gives is not said.
        wanted = expected.read(len(got)) if way in ('read1', 'rest') else None
        if wanted is None:
            wanted = expected.read(size) if way == 'readinto' else getattr(expected, way)(size or 1)
        if got != wanted:
            result = '%s(%d) with %d left' % (way, size, left)
        left = length - expected.tell() or (left and 0) or -1
    start_response('200 OK', PLAIN)
    return [result.encode()]


def early(environ, start_response):
    """Answers when it has read so many bytes, and then reads the rest."""
    first = environ['wsgi.input'].read(int(environ['QUERY_STRING']))
    start_response('200 OK', PLAIN)
    yield b'%d,' % len(first)
    yield b'%d' % len(environ['wsgi.input'].read())


def pattern(environ, start_response):
    """So many bytes, each that of its place, with their hash before them: `?LENGTH&BLOCK`."""
    length, block = (int(part) for part in environ['QUERY_STRING'].split('&'))
    whole = bytes((place * 31 + (place >> 8)) & 0xff for place in range(length))
    start_response('200 OK', PLAIN + [('X-Digest', hashlib.sha256(whole).hexdigest())])
    for place in range(0, length, block):
        yield whole[place:place + block]


def echoes(environ, start_response):
    """What is read is sent at once: both ways are busy."""
    start_response('200 OK', PLAIN)
    for block in iter(lambda: environ['wsgi.input'].read(20000), b''):
        yield block


def peak(environ, start_response):
    """The most memory that the process has had, in KiB (getrusage(2))."""
    start_response('200 OK', PLAIN)
    return [b'%d' % resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]


def leaks(environ, start_response):
    """Each request leaves a megabyte behind."""
    LEAKED.append(bytearray(1 << 20))
    start_response('200 OK', PLAIN)
    return [b'%d %d' % (os.getpid(), len(LEAKED))]


LEAKED = []


def grows(environ, start_response):
    """Takes memory without end, in a process that may have 400 MB more."""
    with open('/proc/self/statm') as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + 400_000_000, limits[1]))
    taken = []
    try:
        while True:
            taken.append(bytearray(20_000_000))
    finally:
        taken.clear()
        resource.setrlimit(resource.RLIMIT_AS, limits)


def prints(environ, start_response):
    print('printed', end=' ')
    print('line')
    sys.stderr.write('to stderr\n')
    environ['wsgi.errors'].write('to wsgi.errors\n')
    print('no newline', end='')
    raise ValueError('and an error')


def says(call):
    try:
        call()
    except Exception as error:
        return '%s: %s' % (type(error).__name__, error)
    return 'nothing'


def rules(environ, start_response):
    """What start_response says to what is wrong, in Python."""
    told = [
        says(lambda: start_response('200 OK', {'X-A': '1'})),
        says(lambda: start_response('200 OK', [], ())),
    ]
    start_response('200 OK', PLAIN, (ValueError, ValueError('x'), None))
    return ['\n'.join(told).encode()]


def pairs(environ, start_response):
    start_response('200 OK', ['X-A', '1'])


def text_item(environ, start_response):
    start_response('200 OK', PLAIN)
    return ['text']


LATE = []


def keeps_input(environ, start_response):
    told = says(LATE.pop().read) if LATE else 'first'
    LATE.append(environ['wsgi.input'])
    start_response('200 OK', PLAIN)
    return [told.encode()]


def exits(environ, start_response):
    sys.exit(3)


def ends_process(environ, start_response):
    os._exit(3)


def loops(environ, start_response):
    number = 0
    try:
        while True:
            number += 1
    finally:
        print('finally ran')


def stubborn(environ, start_response):
    while True:
        try:
            while True:
                time.sleep(0.01)
        except KeyboardInterrupt:
            print('not now')


def recursion(environ, start_response):
    return recursion(environ, start_response)


def slow(environ, start_response):
    time.sleep(float(environ['QUERY_STRING']))
    return hello(environ, start_response)


def begins(environ, start_response):
    start_response('200 OK', PLAIN)
    yield b'begun'
    time.sleep(60)


def on_disk(environ, start_response):
    start_response('200 OK', PLAIN)
    file = open(__file__, 'rb')
    file.readline()
    return environ['wsgi.file_wrapper'](file)


def large_file(environ, start_response):
    """A file of so many bytes, most of them not on any disk."""
    file = tempfile.TemporaryFile()
    file.truncate(int(environ['QUERY_STRING']))
    start_response('200 OK', PLAIN)
    return environ['wsgi.file_wrapper'](file)


def chat(environ, start_response):
    websocket = environ.get('wsgi.websocket')
    if websocket is None:
        start_response('426 Upgrade Required', PLAIN)
        return [b'a WebSocket, please']
    if environ['QUERY_STRING'] == 'refuse':
        start_response('403 Forbidden', PLAIN)
        return [b'no']
    for message in websocket:
        print('heard %r' % (message,))
        websocket.send(message if isinstance(message, bytes) else 'you: ' + message)
    # As frameworks do after a handler.
    start_response('200 OK', PLAIN)
    return [b'ignored']


def threads(environ, start_response):
    """A thread of its own sends while this one waits for a message, and another is left behind waiting."""
    websocket = environ['wsgi.websocket']
    heard = threading.Event()
    LEFT.clear()

    def send():
        heard.wait(10)
        websocket.send('from a thread')

    def wait():
        LEFT.append(says(websocket.receive))

    websocket.send('begin')
    threading.Thread(target=send).start()
    threading.Timer(0.2, heard.set).start()
    message = websocket.receive()
    left = threading.Thread(target=wait)
    left.start()
    while 'receive' not in ''.join(
        frame.f_code.co_name for frame in frames_of(left) if frame.f_code.co_name == 'receive'
    ):
        time.sleep(0.01)
    websocket.send(message)
    return []


def frames_of(thread):
    frame = sys._current_frames().get(thread.ident)
    while frame is not None:
        yield frame
        frame = frame.f_back


LEFT = []


def left_behind(environ, start_response):
    end = time.monotonic() + 10
    while not LEFT and time.monotonic() < end:
        time.sleep(0.01)
    start_response('200 OK', PLAIN)
    return [str(LEFT).encode()]


VALID = validator(hello)


def application(environ, start_response):
    name = environ['PATH_INFO'].strip('/').replace('-', '_')
    if name == 'valid':
        return VALID(environ, start_response)
    return globals().get(name, hello)(environ, start_response)
