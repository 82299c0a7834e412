"""The applications of the conformance suite (lib/conformance/scenarios), in Python, by the ids of their scenarios.

A traceback shows lines of this file: where a scenario counts words in the log they are put together.

Where a scenario asks for the name of an error of JavaScript, that of Python which means the same is called by it.
"""
import atexit
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time

PLAIN = [('Content-Type', 'text/plain')]
APPS = {}


def scenario(*ids):
    def add(app):
        for one in ids:
            APPS[one] = app
        return app

    return add


def text(value):
    return value.encode('latin-1')


def texts(*values):
    return [text(value) for value in values]


def plain(length=None):
    return list(PLAIN) if length is None else PLAIN + [('Content-Length', str(length))]


def generator(items):
    for item in items:
        yield text(item)


def answer(items, headers=PLAIN, status='200 OK'):
    def app(environ, start_response):
        start_response(status, headers)
        return [text(item) for item in items]

    return app


def generate(items, headers=PLAIN, status='200 OK'):
    def app(environ, start_response):
        start_response(status, headers)
        return generator(items)

    return app


def reply(start_response, value):
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(value).encode()]


def report(look):
    return lambda environ, start_response: reply(start_response, look(environ))


def echo(environ, start_response):
    body = environ['wsgi.input'].read()
    start_response('200 OK', PLAIN)
    return [body]


def path(environ, start_response):
    start_response('200 OK', PLAIN)
    return texts(environ['PATH_INFO'])


def name_of(error):
    if isinstance(error, AssertionError):
        return 'ApplicationError'
    return type(error).__name__


class Seen:
    """What the application records, where the spec sees it; and gates, which the spec opens."""

    def __init__(self, environ):
        self._errors = environ['wsgi.errors']
        self._gates = environ['conformance.gates']

    def __call__(self, operation, name, value=None):
        self._errors.write('\x01%s\n' % json.dumps([operation, name, value]))

    def wait(self, name):
        end = time.monotonic() + 20
        while not os.path.exists(os.path.join(self._gates, name)):
            if time.monotonic() > end:
                raise TimeoutError(name)
            time.sleep(0.005)


class Body:
    """Items, and what is done at close()."""

    def __init__(self, items, close):
        self._items = items
        self.close = close

    def __iter__(self):
        return iter(self._items)


def raising(error):
    def app(environ, start_response):
        raise error('the secret of the application')

    return app


def attempt(call, *arguments):
    try:
        call(*arguments)
        return 'fine'
    except Exception as error:
        return name_of(error)


def why():
    try:
        raise ValueError('why')
    except ValueError:
        return sys.exc_info()


# start-response.ts

APPS['A-001'] = lambda environ, start_response: (
    start_response('200 OK', PLAIN) and None
) or texts('2 object function undefined' if type(environ) is dict and callable(start_response) else 'wrong')


class Owner:
    word = 'bound'

    def serve(self, environ, start_response):
        start_response('200 OK', PLAIN)
        return texts(self.word)


APPS['A-003.bound'] = Owner().serve
CALLS = []


@scenario('A-002')
def counts_calls(environ, start_response):
    # Of this run of the scenario, which has a folder of its own.
    CALLS.append(environ['conformance.gates'])
    number = CALLS.count(environ['conformance.gates'])
    Seen(environ)('set', 'calls', number)
    start_response('200 OK', PLAIN)
    return texts('call %d' % number)


@scenario('E-199')
def empties(environ, start_response):
    environ.clear()
    start_response('200 OK', PLAIN)
    return generator(['ok', '!'])


@scenario('A-005')
def fresh(environ, start_response):
    before = '%s %s %s' % (environ.get('x.mine', 'undefined'), environ['x.base'], environ['wsgi.url_scheme'])
    environ.update({'x.mine': 'changed', 'x.base': 'changed', 'wsgi.url_scheme': 'changed'})
    start_response('200 OK', PLAIN)
    return texts(before)


@scenario('A-006.two')
def two(environ, start_response):
    return texts('function' if callable(start_response('200 OK', PLAIN)) else 'no')


@scenario('A-006.undefined', 'A-006.null')
def three(environ, start_response):
    return texts('function' if callable(start_response('200 OK', PLAIN, None)) else 'no')


def returns(value):
    def app(environ, start_response):
        start_response('200 OK', PLAIN)
        return value

    return app


for one, value in {
    'A-008.undefined': None,
    'A-008.null': None,
    'A-008.false': False,
    'A-008.a-number': 7,
    'A-008.a-plain-object': object(),
    'A-008.a-function': lambda: [],
    'E-218': b'bytes',
    'A-009.string': 'a string',
}.items():
    APPS[one] = returns(value)

APPS['A-010'] = generate([])


@scenario('A-011')
def late(environ, start_response):
    start_response('201 Late', [('X-Late', '1')])
    yield b'late'


@scenario('E-161')
def late_and_empty(environ, start_response):
    start_response('201 Late', PLAIN)
    return
    yield


@scenario('E-198.item', 'E-198.empty')
def never_started(environ, start_response):
    seen = Seen(environ)
    items = [b'x'] if environ['conformance.id'] == 'E-198.item' else []
    return Body(items, lambda: seen('add', 'closed', 1))


@scenario('E-160')
def too_late(environ, start_response):
    yield b'one'
    start_response('200 OK', PLAIN)
    yield b'two'


@scenario('A-014')
def empty_first(environ, start_response):
    yield b''
    yield b''
    start_response('202 Accepted', PLAIN)
    yield b'data'


@scenario('A-016')
def twice(environ, start_response):
    start_response('201 First', [('X-First', '1')])
    try:
        start_response('202 Second', [('X-Second', '1')])
    except Exception as error:
        return texts(name_of(error))
    return texts('no error')


@scenario('A-017')
def refused_counts(environ, start_response):
    log = [
        attempt(start_response, '200 OK', [('X-A', 'bad\n')]),
        attempt(start_response, '200 OK', [('X-A', 'good')]),
        attempt(start_response, '200 OK', [('X-A', 'replaced')], why()),
    ]
    return texts(','.join(log))


@scenario('A-019')
def changes_headers(environ, start_response):
    headers = [('X-A', 'before')]
    start_response('200 OK', headers)
    headers[0] = ('X-A', 'after')
    headers += [('X-B', 'after'), ('Content-Length', '1')]
    return texts('body')


OWN = plain()


@scenario('A-019.own')
def own_headers(environ, start_response):
    start_response('200 OK', OWN)
    return texts(str(len(OWN)))


# exc-info.ts


@scenario('E-192')
def replaces(environ, start_response):
    start_response('200 OK', [('X-Old', '1'), ('X-Both', 'old')])
    start_response('503 Busy', [('X-New', '1'), ('X-Both', 'new')], why())
    return texts('body')


@scenario('A-021.generator')
def raises_again(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    yield b'item'
    error = OverflowError('the very' + ' error')
    try:
        start_response('500 Too Late', PLAIN, (OverflowError, error, None))
    except OverflowError as raised:
        seen('set', 'same', raised is error)
        raise
    yield b'never'


@scenario('A-022')
def first_with_info(environ, start_response):
    start_response('500 Oops', [('X-Error', '1')], why())
    return texts('an error page')


@scenario('A-023.length')
def forgets_length(environ, start_response):
    start_response('200 OK', plain(100))
    start_response('500 Changed', PLAIN, why())
    return texts('short', ' page')


@scenario('A-023.bodiless')
def forgets_status(environ, start_response):
    start_response('204 No Content', [])
    start_response('200 OK', plain(5), why())
    return generator(['there'])


@scenario('A-024')
def checks_again(environ, start_response):
    start_response('200 OK', PLAIN)
    what = attempt(start_response, '500 Oops', [('X Y', '1')], why())
    start_response('500 Oops', [('X-What', what)], why())
    return texts('page')


@scenario('A-027')
def first_write(environ, start_response):
    write = start_response('200 OK', PLAIN)
    second = start_response('500 Replaced', PLAIN, why())
    write(b'old ')
    second(b'new ')
    return texts('end')


@scenario('E-191')
def after_empty_items(environ, start_response):
    start_response('200 OK', [('X-Old', '1')])
    yield b''
    yield b''
    start_response('500 Changed', PLAIN, why())
    yield b'err'


# streaming.ts


@scenario('A-030')
def nothing_at_start(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    seen('open', 'started')
    seen.wait('gate')
    return texts('body')


@scenario('E-190')
def empty_items(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    yield b''
    yield b''
    seen('open', 'pulled')
    seen.wait('gate')
    yield b'x'


@scenario('A-032')
def one_by_one(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    yield b'first'
    seen.wait('gate')
    yield b'second'


@scenario('A-036.length')
def one_by_one_with_length(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', plain(6))
    yield b'ab'
    seen.wait('gates.0')
    yield b'cd'
    seen.wait('gates.1')
    yield b'ef'


@scenario('A-034')
def empty_write(environ, start_response):
    seen = Seen(environ)
    write = start_response('200 OK', PLAIN)
    write(b'')
    seen.wait('gate')
    write(b'body')
    return []


APPS['E-030'] = generate(['Foo: Bar\r\n\r\nHello', ' World'])
APPS['E-031'] = answer(['Bar\nBaz'])


@scenario('A-037.binary')
def binary(environ, start_response):
    start_response('200 OK', PLAIN)
    return [bytes(range(256))]


@scenario('E-225')
def endless(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)

    def blocks():
        block = b'x' * 65536
        while True:
            seen('add', 'pulls', 1)
            yield block

    return Body(blocks(), lambda: seen('add', 'closed', 1))


@scenario('E-108')
def large(environ, start_response):
    start_response('200 OK', PLAIN)
    return [b'abcdefgh' * 1500000]


for one, app in {
    'A-090': generate(['he', '', 'llo', '']),
    'A-092': generate(['he', 'llo']),
    'A-093': generate(['he', 'llo']),
}.items():
    APPS[one] = app

# write.ts


def writes(blocks, length=None):
    def app(environ, start_response):
        write = start_response('200 OK', plain(length))
        for block in blocks:
            write(text(block))
        return []

    return app


@scenario('A-045')
def written_first(environ, start_response):
    write = start_response('200 OK', PLAIN)
    write(b'h')
    write(b'e')
    return generator(['l', 'lo'])


@scenario('E-029')
def only_written(environ, start_response):
    write = start_response('200 OK', PLAIN)
    write(b'Hello, ')
    write(text(environ['QUERY_STRING']))
    return []


APPS['A-046'] = writes(['ab', '', 'cde'])


def refuses_to_write(value):
    def app(environ, start_response):
        return texts(attempt(start_response('200 OK', PLAIN), value))

    return app


for one, value in {'String': 'text', 'Number': 7, 'null': None, 'undefined': None, 'Array': [1, 2]}.items():
    APPS['A-047.' + one] = refuses_to_write(value)
APPS['A-047.ArrayBuffer'] = refuses_to_write(object())


@scenario('A-050')
def writes_too_much(environ, start_response):
    write = start_response('200 OK', plain(5))
    log = [attempt(write, block) for block in (b'abcd', b'efgh', b'i')]
    if log != ['fine', 'ApplicationError', 'ApplicationError']:
        raise RuntimeError(repr(log))
    return []


@scenario('A-051')
def written_and_one(environ, start_response):
    start_response('200 OK', PLAIN)(b'before ')
    return texts('x')


@scenario('A-051.empty')
def written_nothing_and_one(environ, start_response):
    start_response('200 OK', PLAIN)(b'')
    return texts('x')


APPS['E-110'] = writes(['hello'])
APPS['E-069'] = writes(['abcdefgh'], 9)
APPS['E-070'] = writes(['abcdefghij'], 9)
APPS['E-071'] = writes(['abcd', 'efghi'], 9)
APPS['E-072'] = writes(['abcdefghi'])


@scenario('A-053')
def writes_to_nobody(environ, start_response):
    seen = Seen(environ)
    write = start_response('200 OK', PLAIN)
    write(b'one')
    seen.wait('gate')
    try:
        write(b'two')
    except Exception as error:
        seen('set', 'thrown', name_of(error))
        raise
    return []


@scenario('A-053.waiting')
def waits_to_write(environ, start_response):
    seen = Seen(environ)
    write = start_response('200 OK', PLAIN)
    try:
        while True:
            write(b'\0' * 65536)
            seen('add', 'blocks', 1)
    except Exception as error:
        seen('set', 'thrown', name_of(error))
        raise
    finally:
        seen('set', 'over', True)


# What was kept of an earlier request, by the run of the scenario.
KEPT = {}


@scenario('A-052')
def writes_late(environ, start_response):
    seen = Seen(environ)
    write = start_response('200 OK', PLAIN)
    late = KEPT.setdefault(environ['conformance.gates'], write)
    if late is not write:
        seen('set', 'thrown', attempt(late, b'late'))
    return texts('body')


# close.ts and close-order.ts


@scenario('E-017')
def closes_once(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    return Body(texts('1', '2', '3', '4'), lambda: seen('add', 'closed', 1))


class Traced:
    def __init__(self, seen, items):
        self._seen = seen
        self._items = list(items)

    def __iter__(self):
        self._seen('push', 'calls', 'iterate')
        return self

    def __next__(self):
        self._seen('push', 'calls', 'next')
        if not self._items:
            raise StopIteration
        item = self._items.pop(0)
        if isinstance(item, Exception):
            raise item
        return text(item)

    def close(self):
        self._seen('push', 'calls', 'close')


def traced(items, headers=PLAIN, status='200 OK'):
    def app(environ, start_response):
        seen = Seen(environ)
        seen('clear', 'calls')
        start_response(status, headers)
        return Traced(seen, items)

    return app


APPS['A-063.a-whole-body'] = traced(['a', 'b'])
APPS['A-063.an-empty-body'] = traced([])
APPS['A-063.an-error-before-the-first-item'] = traced([ValueError('first step')])
APPS['A-063.an-error-after-an-item'] = traced(['a', ValueError('second step')])
APPS['A-063.a-304'] = traced([], [], '304 Not Modified')


@scenario('A-063.refused-headers')
def refused_in_first_step(environ, start_response):
    seen = Seen(environ)

    def blocks():
        try:
            start_response('200 OK', [('Bad Name', '1')])
            yield b'never'
        finally:
            seen('push', 'log', 'finally')

    return Body(blocks(), lambda: seen('push', 'log', 'close'))


@scenario('A-062')
def closes_for_nobody(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)

    def blocks():
        for number in range(40):
            seen('add', 'pulls', 1)
            yield b'x' * 65536
            if number == 1:
                time.sleep(0.3)

    return Body(blocks(), lambda: seen('add', 'closed', 1))


@scenario('E-224.sync', 'E-224.async')
def final(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    try:
        while True:
            yield b'x' * 65536
    finally:
        seen('add', 'finals', 1)


@scenario('A-062.empty', 'A-062.empty-async')
def endless_empty(environ, start_response):
    seen = Seen(environ)

    def blocks():
        try:
            seen('add', 'begun', 1)
            while True:
                yield b''
        finally:
            seen('add', 'closed', 1)

    start_response('200 OK', PLAIN)
    return blocks()


@scenario('E-162')
def closes_outer(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)

    class Outer:
        def __iter__(self):
            return iter(Body(texts('ab', 'c'), lambda: seen('push', 'log', 'inner')))

        def close(self):
            seen('push', 'log', 'outer')

    return Outer()


@scenario('A-064.this')
def late_close(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)

    class Late:
        def __iter__(self):
            self.close = lambda: seen('set', 'same', True)
            yield b'body'

    return Late()


@scenario('E-205')
def close_fails(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)

    def close():
        seen('add', 'closed', 1)
        raise ValueError('from close')

    return Body(texts('he', 'llo'), close)


@scenario('A-070')
def closes_before_next(environ, start_response):
    seen = Seen(environ)
    name = environ['PATH_INFO']
    seen('push', 'log', 'app ' + name)
    start_response('200 OK', PLAIN)
    return Body(texts('a', 'b'), lambda: seen('push', 'log', 'close ' + name))


@scenario('A-066.closed-late')
def closed_late(environ, start_response):
    seen = Seen(environ)
    seen('open', 'called')
    seen.wait('gate')
    start_response('200 OK', PLAIN)

    def blocks():
        yield b'no one reads this'

    return Body(blocks(), lambda: seen('open', 'closed'))


@scenario('E-135')
def walks_once(environ, start_response):
    start_response('200 OK', PLAIN)
    return generator(['once', ' only'])


APPS['A-073'] = raising(ValueError)

# framing.ts

for one, app in {
    'E-064': answer(['hello']),
    'E-065': answer(['he', 'llo']),
    'E-063': generate(['0123456789', '0123456789']),
    'E-066': generate(['0123456789', '0123456789']),
    'E-067': answer(['hello']),
    'E-068': answer(['he', 'llo']),
    'A-087.two': lambda environ, start_response: (
        start_response('200 OK', PLAIN) and None
    ) or {b'he': 1, b'llo': 2},
    'A-088': answer(['']),
    'E-113': answer([]),
    'A-089': generate(['', '']),
    'E-133': answer(['hello'], plain('05')),
    'A-080.several': answer(['he', '', 'llo'], plain(5)),
    'A-035': answer([], plain(0)),
    'E-061': answer(['012345678'], plain(10)),
    'E-062': answer(['012345678'], plain(8)),
    'E-203': answer(['abc'], plain(10)),
    'A-083.empty': answer([], plain(3)),
    'E-202': answer(['abc', 'defgh', 'ijk'], plain(5)),
    'A-081.zero': answer(['abc'], plain(0)),
    'A-098': answer(['ok']),
    'A-080.twice': answer(['hello'], plain(5) + [('content-length', '5')]),
}.items():
    APPS[one] = app
for value in ('abc', '-1', '+5', '5.0', '0x5', '', '5 5', '5, 5', '99999999999999999999'):
    APPS['A-080.' + json.dumps(value)] = answer(['hello'], plain(value))


@scenario('A-082')
def asks_for_no_more(environ, start_response):
    seen = Seen(environ)
    seen('clear', 'log')
    start_response('200 OK', plain(5))

    def blocks():
        try:
            seen('push', 'log', 'first')
            yield b'he'
            seen('push', 'log', 'second')
            yield b'llo'
            seen('push', 'log', 'third')
            yield b'never'
        finally:
            seen('push', 'log', 'finally')

    return blocks()


@scenario('E-111')
def counts_bytes(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain; charset=utf-8')])
    return ['абвг'.encode()]


# response-head.ts


def header(name, value):
    return answer(['body'], [(name, value)])


for one, app in {
    'A-110': answer(['body'], PLAIN, 200),
    'E-105.200': answer(['body'], PLAIN, '200'),
    'E-105.20X': answer(['body'], PLAIN, '20X OK'),
    'E-105.200OK': answer(['body'], PLAIN, '200OK'),
    'A-111.four': answer(['body'], PLAIN, '2000 OK'),
    'A-111.empty': answer(['body'], PLAIN, ''),
    'A-113.end': answer(['body'], PLAIN, '200 OK '),
    'A-113.start': answer(['body'], PLAIN, ' 200 OK'),
    'A-113.tab': answer(['body'], PLAIN, '200 O\tK'),
    'A-113.newline': answer(['body'], PLAIN, '200 OK\n'),
    'E-193': answer(['body'], PLAIN, '200 OK\r\nX-Injected: 1'),
    'E-219': answer(['body'], PLAIN, '103 Early Hints'),
    'A-114.low': answer(['body'], PLAIN, '099 Low'),
    'A-115.number': header('X-A', 1),
    'A-115.name': header(1, 'a'),
    'E-197': header('X A', '1'),
    'A-116.colon': header('X-A:', '1'),
    'A-116.empty': header('', '1'),
    'A-116.latin': header('X-\xe9', '1'),
    'A-116.quote': header('"X"', '1'),
    'E-194': header('X-A: 1\r\nX-Injected', '1'),
    'A-117.crlf': header('X-A', '1\r\nX-Injected: 1'),
    'A-117.cr': header('X-A', '1\r2'),
    'A-117.lf': header('X-A', '1\n'),
    'E-195.00': header('X-A', 'a\0b'),
    'E-195.01': header('X-A', 'a\x01b'),
    'E-195.0B': header('X-A', 'a\x0bb'),
    'E-195.7F': header('X-A', 'a\x7fb'),
    'E-196.LF': header('X-A', 'a\u010aX-Injected: 1'),
    'E-196.CR': header('X-A', 'a\u010dX-Injected: 1'),
    'E-222': header('X-A', '20 \u20ac'),
    'A-119.status': answer(['body'], PLAIN, '200 \u20ac'),
    'A-119.name': header('\u212aeep-Alive', '1'),
    'E-223': header('X-Secret', 'hunter2\n'),
    'A-124': header('Status', '200 OK'),
    'E-215': header('Connection', 'close'),
    'E-216': answer(['2\r\nhe\r\n', '0\r\n\r\n'], [('Transfer-Encoding', 'chunked')]),
    'A-112': answer(['body'], PLAIN, '200 '),
    'A-114.high': answer(['body'], PLAIN, '999 Odd Thing'),
    'A-120.reason': answer(['body'], PLAIN, '200 D\xe9j\xe0 vu'),
    'A-113.inner': answer(['body'], PLAIN, '404 Not  Found'),
    'E-019': answer(['ok'], PLAIN, '201 Made It'),
    'E-032': answer(['Not Found'], PLAIN, '404 Not Found'),
    'A-120': answer(['ok'], [('X-A', ' caf\xe9 \t\xff ')]),
    'A-128': answer(['ok'], [('X-A', ' \t\xa0v\xa0\t ')]),
    'E-022': answer(
        ['ok'], [('X-Foo', 'foo'), ('Set-Cookie', 'a=1'), ('X-Foo', 'bar, baz'), ('Set-Cookie', 'b=2')]
    ),
    'A-126': answer(
        ['ok'],
        [('ETag', '"1"'), ('x-Zoo', 'z'), ('X-FOO', 'f'), ('x-zoo', 'y'), ('WWW-Authenticate', 'Basic')],
    ),
    'A-129': answer(['ok'], []),
    'E-040': answer(['ok']),
    'A-133.off': answer(['ok']),
    'E-100': answer(
        ['Hello, world!'], PLAIN + [('dAtE', 'Mon, 05 Jun 2006 18:49:54 GMT'), ('sERVER', 'mine')]
    ),
    'A-134': answer(['ok']),
}.items():
    APPS[one] = app
for name in (
    'cOnNeCtIoN Keep-Alive Proxy-Authenticate Proxy-Authorization Proxy-Connection TE Trailer Trailers '
    'transfer-encoding UPGRADE'
).split():
    APPS['A-121.' + name] = header(name, 'x')


@scenario('A-123')
def catches(environ, start_response):
    try:
        start_response('200 OK', [('X A', '1')])
    except Exception as error:
        start_response('200 OK', PLAIN, sys.exc_info())
        return texts(name_of(error))
    return []


@scenario('A-120.alone')
def head_alone(environ, start_response):
    start_response('200 OK', [('X-A', 'caf\xe9')])(b'')
    return texts('ok')


# bodiless.ts


def writes_twice(status, headers, *items):
    def app(environ, start_response):
        write = start_response(status, headers)
        write(b'one')
        write(b'two')
        return texts(*items)

    return app


for one, app in {
    'E-024': answer([], [], '304 Not Modified'),
    'A-142.body': answer(['x'], plain(1), '304 Not Modified'),
    'E-134': answer(['x'], [], '304 Not Modified'),
    'E-201': answer(['body'], plain(4), '204 No Content'),
    'A-141.generator': generate(['a', 'b'], [], '204 No Content'),
    'A-141.empty': answer([], [], '204 No Content'),
    'A-141.zero': answer([], [('content-length', '0'), ('X-A', '1')], '204 No Content'),
    'A-143': answer(['body'], plain(4), '205 Reset Content'),
    'E-130': answer(['foo'], plain(3)),
    'A-144.generator': generate(['foo', 'bar']),
    'A-146': answer(['foo']),
    'A-146.empty': answer([]),
    'A-146.block': answer(['']),
    'E-112': answer([], plain(12345)),
    'A-085.304': answer([], plain(9), '304 Not Modified'),
    'A-085.204': answer([], plain(9), '204 No Content'),
    'E-172': writes_twice('204 No Content', [], 'three', 'four'),
    'A-148.written': writes_twice('204 No Content', []),
    'A-148.304': writes_twice('304 Not Modified', [], 'three', 'four'),
    'A-144.write': writes_twice('200 OK', plain(15)),
    'E-171': answer([], plain(12)),
    'A-093.http10': answer([], [], '204 No Content'),
    'E-200': answer(['not to be seen twice']),
}.items():
    APPS[one] = app


@scenario('E-201.pipelined')
def by_path(environ, start_response):
    status = '204 No Content' if environ['PATH_INFO'] == '/204' else '200 OK'
    return answer(['body'], PLAIN, status)(environ, start_response)


@scenario('A-147')
def tells_head(environ, start_response):
    start_response('200 OK', [('X-Method', environ['REQUEST_METHOD'])])
    return []


for name in 'GET QUERY POST PUT PATCH DELETE OPTIONS TRACE'.split():
    APPS['E-131.' + name] = report(lambda environ: environ['REQUEST_METHOD'])


@scenario('E-144', 'A-217')
def never_called(environ, start_response):
    Seen(environ)('add', 'calls', 1)
    return answer(['called'])(environ, start_response)


# errors.ts


def dies_later(environ, start_response):
    start_response('200 OK', [('X-Old', '1')] + plain(100))
    raise ValueError('the secret of the application')


for name in ('HTTP/1.0', 'HTTP/1.0 with keep-alive', 'HTTP/1.1', 'HTTP/1.1 with close'):
    APPS['E-080.' + name] = raising(ValueError)
    APPS['E-081.' + name] = dies_later


@scenario('E-020')
def takes_errors_away(environ, start_response):
    if environ['PATH_INFO'] == '/fine':
        return answer(['fine'])(environ, start_response)
    environ['wsgi.errors'] = None
    raise ValueError('Throwing an exception from app handler. Server should not crash.')


@scenario('A-254')
def fails_after_empty(environ, start_response):
    start_response('200 OK', [('X-Old', '1')])
    yield b''
    raise ValueError('secret')


def writes_and_fails(word, headers):
    def app(environ, start_response):
        start_response('200 OK', headers)(text(word))
        raise ValueError('after' + ' write')

    return app


APPS['E-082'] = writes_and_fails('', plain(9))
APPS['E-115'] = writes_and_fails('output', PLAIN)


def fails_in_the_middle(headers):
    def app(environ, start_response):
        start_response('200 OK', headers)
        for number in range(5):
            yield b'part %d.' % number
        raise ValueError('mid' + '-body')

    return app


APPS['E-163'] = APPS['E-164'] = fails_in_the_middle(PLAIN)
APPS['E-083'] = fails_in_the_middle(plain(100))


def one_item(item):
    def app(environ, start_response):
        start_response('200 OK', [('X-Old', '1')])
        return [item]

    return app


for one, item in {'String': 'text', 'empty': '', 'Number': 7, 'null': None, 'Array': [1]}.items():
    APPS['A-250.item.' + one] = one_item(item)
APPS['A-250.item.ArrayBuffer'] = one_item(object())


@scenario('E-084')
def long_secret(environ, start_response):
    raise ValueError('secret \u20ac')


APPS['A-258'] = raising(ValueError)


@scenario('A-262')
def fails_once(environ, start_response):
    Seen(environ)('add', 'calls', 1)
    raise ValueError('once')


@scenario('A-259')
def fails_in_many_ways(environ, start_response):
    if environ['PATH_INFO'] == '/fine':
        return answer(['fine'])(environ, start_response)
    start_response('200 OK', PLAIN)
    if environ['PATH_INFO'] != '/3':
        raise ValueError(environ['PATH_INFO'])
    return [b'a', 7]


# environ.ts


def keys(*names):
    def look(environ):
        environ['wsgi.input'].read()
        return [environ.get(name) for name in names]

    return report(look)


for one, names in {
    'E-001': 'SCRIPT_NAME',
    'E-002': 'QUERY_STRING REQUEST_METHOD',
    'E-005': 'wsgi.url_scheme',
    'E-009': 'HTTP_FOO',
    'E-010': 'HTTP_COOKIE COOKIE',
    'E-012': 'PATH_INFO',
    'E-013': 'PATH_INFO',
    'E-014': 'PATH_INFO',
    'E-015': 'SERVER_PROTOCOL',
    'E-015.http10': 'SERVER_PROTOCOL HTTP_HOST',
    'E-021': 'HTTP_FOO',
    'E-166': 'HTTP_XYZ',
    'E-023': 'HTTP_COOKIE COOKIE',
    'E-025': 'REQUEST_URI RAW_URI',
    'E-027': 'HTTP_X_FOO',
    'E-035': 'HTTP_AUTHORIZATION',
    'E-035.none': 'HTTP_AUTHORIZATION',
    'E-036': 'PATH_INFO',
    'E-143': 'REQUEST_METHOD PATH_INFO REQUEST_URI',
    'E-165': 'CONTENT_TYPE CONTENT_LENGTH',
    'E-165.json': 'CONTENT_TYPE CONTENT_LENGTH HTTP_CONTENT_TYPE HTTP_CONTENT_LENGTH',
    'E-168': 'HTTP_HOST PATH_INFO QUERY_STRING SERVER_NAME',
    'A-286': 'PATH_INFO QUERY_STRING REQUEST_URI',
    'E-181': 'HTTP_X_A HTTP_X_B',
    'A-288': 'HTTP_PROXY',
    'A-293': 'HTTP_X_A',
    'A-219': 'HTTP_X_EMPTY HTTP_ACCEPT',
    'E-184': 'HTTP_X_A HTTP_X_B HTTP_TRAILER',
    'E-146.exact': 'SCRIPT_NAME PATH_INFO',
    'E-146.slash': 'SCRIPT_NAME PATH_INFO',
    'E-146.below': 'SCRIPT_NAME PATH_INFO',
    'E-146.beside': 'SCRIPT_NAME PATH_INFO',
    'E-148': 'SCRIPT_NAME PATH_INFO',
    'E-011': 'REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING SERVER_NAME SERVER_PORT HTTP_HOST',
    'E-058': 'wsgi.url_scheme REMOTE_ADDR HTTP_HOST REMOTE_PORT',
    'E-058.stranger': 'wsgi.url_scheme REMOTE_ADDR',
    'E-182': 'wsgi.url_scheme',
    'E-101': 'test.value test.object QUERY_STRING PATH_INFO',
    'A-300': 'wsgi.multithread wsgi.multiprocess wsgi.run_once wsgi.version GATEWAY_INTERFACE',
}.items():
    APPS[one] = keys(*names.split())


@scenario('A-310')
def native(environ, start_response):
    wrong = []
    for key, value in environ.items():
        if value is None:
            wrong.append('%s is None' % key)
        elif '.' in key:
            if not key.startswith(('wsgi.', 'conformance.')):
                wrong.append('%s is not a key of ours' % key)
        elif type(value) is not str or any(ord(one) > 255 for one in value):
            wrong.append('%s is not a native string' % key)
    return reply(start_response, wrong)


@scenario('A-310.dict')
def is_dict(environ, start_response):
    shape = '[object Object]' if type(environ) is dict else str(type(environ))
    return reply(start_response, ['toString' in environ, '__proto__' in environ, shape, True, True])


# input.ts


def lines(stream):
    return list(stream)


def calls(*list_of_calls):
    def look(environ):
        results = []
        for call in list_of_calls:
            result = call(environ['wsgi.input'])
            results.append(
                [one.decode('latin-1') for one in result]
                if isinstance(result, list)
                else result.decode('latin-1')
            )
        return results

    return report(look)


def read(*arguments):
    return lambda stream: stream.read(*arguments)


def readline(*arguments):
    return lambda stream: stream.readline(*arguments)


def readlines(*arguments):
    return lambda stream: stream.readlines(*arguments)


for one, app in {
    'A-150': calls(read(2), readline(), readlines(), lines),
    'A-152': calls(read(1000), read(1000), read()),
    'E-141': calls(read(0), read(1), read(None), read()),
    'A-153.negative': calls(read(2), read(-1), read(None)),
    'A-156': calls(read(), read(5), readline(), readlines(), lines, lines),
    'A-157': calls(*[readline()] * 5),
    'A-158': calls(readline(0), readline(3), readline(3), readline(-1), readline(99)),
    'A-159': calls(readlines(4), readlines(0)),
    'E-207': calls(lines),
    'A-161': calls(read(1), readline(), readline(2), readlines(1), read(3), lines),
    'E-206': calls(read(), read(5), readline(), readlines(), lines),
    'E-043': calls(read()),
    'E-047': calls(read(), readline()),
    'A-163': calls(readline(), read(2), read()),
    'E-044': calls(read()),
    'A-170': echo,
    'A-170.chunks': echo,
    'A-165.fin': echo,
    'E-042': report(lambda environ: [environ['CONTENT_LENGTH'], environ['wsgi.input'].read().decode()]),
}.items():
    APPS[one] = app


@scenario('A-155')
def waits_for_all(environ, start_response):
    seen = Seen(environ)
    one = environ['wsgi.input'].read(4)
    seen('open', 'first')
    rest = environ['wsgi.input'].read(6), environ['wsgi.input'].readline()
    start_response('200 OK', PLAIN)
    return [b'|'.join((one,) + rest)]


@scenario('A-168')
def reads_while_it_sends(environ, start_response):
    start_response('200 OK', PLAIN)
    yield b'head:'
    yield environ['wsgi.input'].read(4)
    for line in environ['wsgi.input']:
        yield line


@scenario('A-165', 'A-212.reset')
def client_leaves(environ, start_response):
    seen = Seen(environ)
    if environ['conformance.id'] == 'A-165':
        seen('open', 'called')
    try:
        environ['wsgi.input'].read()
    except Exception as error:
        seen('set', 'thrown', name_of(error))
        raise
    start_response('200 OK', PLAIN)
    return []


# bodies.ts


@scenario('E-003')
def form(environ, start_response):
    body = environ['wsgi.input'].read(int(environ['CONTENT_LENGTH']))
    start_response(
        '200 OK',
        [
            ('Client-Content-Length', environ['CONTENT_LENGTH']),
            ('Client-Content-Type', environ['CONTENT_TYPE']),
        ],
    )
    return [b'Hello, ' + body]


@scenario('E-004')
def digest(environ, start_response):
    left = int(environ['CONTENT_LENGTH'])
    found = hashlib.md5()
    while left > 0:
        block = environ['wsgi.input'].read(min(left, 8192))
        if not block:
            raise ValueError('the body ended early')
        left -= len(block)
        found.update(block)
    start_response('200 OK', [('Client-Content-Length', environ['CONTENT_LENGTH'])])
    return texts(found.hexdigest())


for size in (1024, 65536, 1000001):
    APPS['E-045.%d' % size] = echo


APPS['E-048'] = report(
    lambda environ: [
        environ.get('CONTENT_LENGTH'),
        environ['wsgi.input_terminated'],
        'HTTP_TRANSFER_ENCODING' in environ,
        environ['wsgi.input'].read().decode(),
    ]
)
APPS['E-033'] = APPS['E-051'] = APPS['E-078'] = echo
APPS['E-079'] = APPS['A-235'] = answer(['ok'])


@scenario(
    *'E-049 E-050 E-052 A-281.plus A-281.minus A-281.space A-281.empty A-282.long'.split()
)
def takes_chunks(environ, start_response):
    seen = Seen(environ)
    seen('push', 'bodies', environ['wsgi.input'].read().decode())
    start_response('200 OK', PLAIN)
    return texts('took it')


def tells_path(environ, start_response):
    start_response('200 OK', [('X-Path', environ['PATH_INFO'])])
    return texts('ok')


for one in 'E-208 E-208.chunks E-178 E-178.more E-179'.split():
    APPS[one] = tells_path
for one in 'E-074 E-075 E-076 E-077 E-097 A-241.body'.split():
    APPS[one] = answer(['ok'])


@scenario('A-172')
def replaces_input(environ, start_response):
    environ['wsgi.input'] = None
    return tells_path(environ, start_response)


# file-wrapper.ts and file-faults.ts

FOLDER = tempfile.mkdtemp(prefix='wsgi-conformance-')
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def file_of(name, size):
    full = os.path.join(FOLDER, name)
    if not os.path.exists(full):
        with open(full, 'wb') as file:
            file.write((name.encode() + b':') * (size // (len(name) + 1) + 1))
            file.truncate(size)
    return open(full, 'rb')


class Like:
    def __init__(self, content, close=None):
        self.content = content
        self.closed = 0
        self._close = close

    def read(self, size):
        block, self.content = self.content[:size], self.content[size:]
        return block

    def close(self):
        self.closed += 1
        if self._close is not None:
            self._close()


class Pipe:
    def __init__(self):
        self._like = Like(b'small:smal')

    def read(self, size):
        return self._like.read(size)


def wrapped(make, headers=PLAIN, status='200 OK'):
    def app(environ, start_response):
        file = make()
        start_response(status, headers)
        return environ['wsgi.file_wrapper'](file)

    return app


def small(position=0):
    file = file_of('small', 10)
    file.read(position)
    return file


for one, app in {
    'E-085': wrapped(small, plain(10)),
    'E-086': wrapped(small),
    'E-086.handle': wrapped(small),
    'E-087': wrapped(small, plain(1)),
    'E-088': wrapped(small, plain(20)),
    'E-089': wrapped(Pipe, plain(10)),
    'E-090': wrapped(Pipe),
    'A-198.short': wrapped(Pipe, plain(3)),
    'E-091': wrapped(Pipe, plain(20)),
    'E-092.length': wrapped(small, plain(10)),
    'E-092.none': wrapped(Pipe),
    'A-197': wrapped(lambda: small(3)),
    'E-007': wrapped(
        lambda: file_of('face.jpg', 2898), [('Content-Type', 'image/jpeg'), ('Content-Length', '2898')]
    ),
    'E-026': wrapped(lambda: file_of('face.jpg', 2898)),
    'E-008': wrapped(lambda: file_of('bridge.jpg', 14750), plain(14750)),
    'A-194.large': wrapped(lambda: file_of('large', 1000000)),
    'E-006': lambda environ, start_response: start_response('200 OK', PLAIN) and None or small(),
}.items():
    APPS[one] = app


def closes_disk_file(status, headers):
    def app(environ, start_response):
        seen = Seen(environ)
        start_response(status, headers)
        file = small()
        wrapper = environ['wsgi.file_wrapper'](file)

        def close():
            file.close()
            seen('add', 'closed', 1)

        wrapper.close = close
        return wrapper

    return app


APPS['A-201.head'] = closes_disk_file('200 OK', PLAIN)
APPS['A-201.204'] = closes_disk_file('204 No Content', [])
APPS['A-201.304'] = closes_disk_file('304 Not Modified', [])


def closes_file(status, headers):
    def app(environ, start_response):
        seen = Seen(environ)
        start_response(status, headers)
        return environ['wsgi.file_wrapper'](Like(b'', lambda: seen('add', 'closed', 1)))

    return app


for one, status, headers in (
    ('HEAD', '200 OK', PLAIN),
    ('a-204', '204 No Content', []),
    ('a-304', '304 Not Modified', []),
):
    APPS['E-173.' + one] = closes_file(status, headers)


@scenario('A-192')
def inside_middleware(environ, start_response):
    start_response('200 OK', PLAIN)
    inner = environ['wsgi.file_wrapper'](Like(b'x' * 150), 120)
    return (b'[%d]' % len(block) for block in inner)


@scenario('A-196')
def closable(environ, start_response):
    wrap = environ['wsgi.file_wrapper']
    like = Like(b'x')
    wrapper = wrap(like)
    wrapper.close()
    kind = 'function' if callable(wrapper.close) else 'undefined'
    start_response('200 OK', PLAIN)
    other = 'function' if hasattr(wrap(Pipe()), 'close') else 'undefined'
    return texts('%s %s %d' % (other, kind, like.closed))


@scenario('A-063.file-error')
def file_fails(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', plain(10))

    class Failing(Like):
        reads = 0

        def read(self, size):
            self.reads += 1
            if self.reads > 1:
                raise OSError('the disk is gone')
            return b'part'

    return environ['wsgi.file_wrapper'](Failing(b'', lambda: seen('add', 'closed', 1)))


def closed_file():
    file = small()
    file.close()
    return file


class Failing:
    def read(self, size):
        raise OSError('the disk is gone')


class Text:
    def read(self, size):
        return 'text'


for one, make in {
    'closed': closed_file,
    'folder': lambda: os.fdopen(os.open(FOLDER, os.O_RDONLY), 'rb'),
    'write-only': lambda: open(os.devnull, 'wb'),
    'none': lambda: open(os.path.join(FOLDER, 'there is no such file'), 'rb'),
    'throws': Failing,
    'text': Text,
}.items():
    APPS['A-202.' + one] = APPS['A-202.%s.head' % one] = wrapped(make, plain(10))

# connection.ts

for one in 'E-053 E-054 E-055 E-056 E-057 A-230.case A-230.list A-230.lines A-230.other A-237 A-237.none'.split():
    APPS[one] = answer(['ok'])
APPS['E-059'] = echo
APPS['E-209'] = APPS['A-232.cut'] = APPS['E-046'] = path


@scenario('E-093', 'A-242')
def slow(environ, start_response):
    seen = Seen(environ)
    if environ['conformance.id'] == 'A-242':
        seen('open', 'called')
    if environ['PATH_INFO'] in ('/slow', '/running'):
        seen.wait('gate')
    return path(environ, start_response)


RUNNING = []


@scenario('E-210')
def one_at_a_time(environ, start_response):
    seen = Seen(environ)
    seen('push', 'order', environ['PATH_INFO'])
    RUNNING.append(environ['PATH_INFO'])
    seen('set', 'most', len(RUNNING))
    if environ['PATH_INFO'] == '/slow':
        seen.wait('gate')
    start_response('200 OK', PLAIN)
    return Body(texts(environ['PATH_INFO']), RUNNING.pop)


@scenario('E-094')
def called_once(environ, start_response):
    seen = Seen(environ)
    seen('push', 'paths', environ['PATH_INFO'])
    seen('open', 'called')
    seen.wait('gate')
    return path(environ, start_response)


@scenario('A-239')
def fails_for_nobody(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    yield b'begun'
    seen('open', 'begun')
    seen.wait('gate')
    seen('set', 'over', True)
    raise ValueError('a consequence of the disconnect')


# expect-continue.ts


@scenario('A-211')
def continues(environ, start_response):
    seen = Seen(environ)
    seen('open', 'called')
    seen.wait('gate')
    body = environ['wsgi.input'].read(2) + environ['wsgi.input'].read()
    start_response('200 OK', PLAIN)
    return [body]


APPS['E-060'] = APPS['A-216'] = APPS['A-214'] = echo


@scenario('A-215')
def expects_nothing(environ, start_response):
    body = environ['wsgi.input'].read()
    start_response('200 OK', PLAIN)
    return texts('%s %d' % (environ['HTTP_EXPECT'], len(body)))


APPS['E-220'] = answer(['not interested'])


@scenario('E-221')
def reads_too_late(environ, start_response):
    seen = Seen(environ)
    start_response('200 OK', PLAIN)
    yield b'item'
    try:
        yield environ['wsgi.input'].read()
    except Exception as error:
        seen('set', 'thrown', name_of(error))
        raise


@scenario('E-221.sent')
def reads_what_was_sent(environ, start_response):
    start_response('200 OK', PLAIN)
    yield b'item '
    yield environ['wsgi.input'].read()


@scenario('E-096')
def waits_for_first(environ, start_response):
    seen = Seen(environ)
    seen('add', 'calls', 1)
    body = environ['wsgi.input'].read()
    if body == b'first':
        seen.wait('gate')
    start_response('200 OK', PLAIN)
    return [body]


# parsing.ts: nothing of it reaches the application.


@scenario('A-135', 'A-270.http10', 'A-292', 'A-241')
def served(environ, start_response):
    return answer(['served'])(environ, start_response)


def counted(environ, start_response):
    Seen(environ)('add', 'calls', 1)
    return answer(['served'])(environ, start_response)


# extensions.ts

LINKS = [
    ('Link', '</style.css>; rel=preload; as=style'),
    ('Link', '</script.js>; rel=preload; as=script'),
]


@scenario('A-180')
def writes_errors(environ, start_response):
    errors = environ['wsgi.errors']
    errors.write('one\ntwo')
    errors.writelines([' three\n', 'four \u20ac\n'])
    errors.write('\ud800 lone\n')
    errors.write('after close\n')
    return reply(start_response, None)


@scenario('E-018')
def has_methods(environ, start_response):
    streams = [(environ['wsgi.errors'], name) for name in ('write', 'writelines', 'flush')]
    streams += [(environ['wsgi.input'], name) for name in ('read', 'readline', 'readlines')]
    found = ['function' if callable(getattr(stream, name)) else 'none' for stream, name in streams]
    return reply(start_response, found)


@scenario('E-174')
def hints(environ, start_response):
    environ['wsgi.early_hints']([LINKS[0]])
    environ['wsgi.early_hints'](LINKS)
    start_response('200 OK', PLAIN)
    return texts('page')


@scenario('E-175')
def old_hints(environ, start_response):
    if 'wsgi.early_hints' in environ:
        environ['wsgi.early_hints'](LINKS)
    start_response('200 OK', PLAIN)
    return texts('page')


@scenario('E-176')
def late_hints(environ, start_response):
    start_response('200 OK', PLAIN)
    environ['wsgi.early_hints'](LINKS[:1])
    yield b'one '
    environ['wsgi.early_hints'](LINKS)
    yield b'two'
    environ['wsgi.early_hints'](LINKS)


@scenario('E-177')
def bad_hints(environ, start_response):
    def refused(name, value):
        found = attempt(environ['wsgi.early_hints'], [(name, value)])
        return 'sent' if found == 'fine' else found

    return reply(
        start_response,
        [
            refused('Link', 'a\r\nX-Injected: 1'),
            refused('Link: a\r\nX-Injected', '1'),
            refused('Connection', 'close'),
            refused('Link', '\u20ac'),
        ],
    )


@scenario('E-028')
def hello(environ, start_response):
    start_response('200 OK', PLAIN)
    return texts('Hello, ' + environ['QUERY_STRING'])


def application(environ, start_response):
    if environ['PATH_INFO'] == '/the/scenarios/that/are/here':
        return reply(start_response, sorted(APPS))
    return APPS.get(environ['conformance.id'], counted)(environ, start_response)
