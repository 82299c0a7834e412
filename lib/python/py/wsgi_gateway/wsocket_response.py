"""What a handler of WSocket may say: a status, headers and nearly any value, as PEP 3333 wants them."""
import html
import io
import re
import sys
import traceback
from http import HTTPStatus
from urllib.parse import urlencode

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_REASONS[418] = "I'm a teapot"
_FORM = re.compile(r'(\d{3})(?: (.*))?', re.DOTALL).fullmatch

# Headers that do not go with these (RFC 9110 sections 15.3.5 and 15.4.5).
_WITHOUT = {
    204: {'content-type', 'content-length'},
    304: {
        'allow',
        'content-encoding',
        'content-language',
        'content-length',
        'content-range',
        'content-type',
        'content-md5',
        'last-modified',
    },
}

_ISSUES = 'https://github.com/Ksengine/wsocket/issues/new'


def reason_of(code):
    return _REASONS.get(code, 'Unknown')


def to_status(status):
    """`404`, `'404'` and `'404 Not Found'` are the same."""
    if isinstance(status, int):
        code, reason = int(status), ''
    else:
        if not isinstance(status, str):
            raise TypeError('The status must be a number or a string, not %s' % type(status).__name__)
        if any(ord(character) < 32 or ord(character) == 127 for character in status):
            raise ValueError('Status line must not include control chars.')
        parts = _FORM(status)
        if parts is None:
            raise ValueError('The status must be "200" or "200 OK", not %r' % status)
        code, reason = int(parts.group(1)), parts.group(2) or ''
    if not 100 <= code <= 999:
        raise ValueError('Status code out of range.')
    return code, '%d %s' % (code, reason or reason_of(code))


def to_headers(headers, code):
    pairs = list(headers.items()) if hasattr(headers, 'items') else [tuple(pair) for pair in headers]
    pairs = [(str(name), str(value)) for name, value in pairs]
    without = _WITHOUT.get(code, ())
    return [pair for pair in pairs if pair[0].lower() not in without]


def to_bytes(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return str(value).encode('utf-8')


class Response:
    """One request: the head goes out with the first part of the body, so that a failure before it becomes a page."""

    def __init__(self, environ, start_response, logger, issue_tracker=_ISSUES):
        self.environ = environ
        self._start_response = start_response
        self._logger = logger
        self._issue_tracker = issue_tracker
        self._websocket = environ.get('wsgi.websocket')
        self._status = (200, '200 OK')
        self._headers = []
        self._called = False
        self._write = None

    def run(self, handler):
        try:
            value = handler(self.environ, self.start_response)
            if self._websocket is not None and self._websocket.opened:
                return []
            return self._body(value)
        except Exception as error:
            return self._failed(error)

    def start_response(self, status='200 OK', headers=(), exc_info=None):
        """Every argument may be left out. A second call is ignored."""
        if not self._called or exc_info:
            self._status = to_status(status)
            self._headers = to_headers(headers, self._status[0])
            self._called = True
        return self.write

    def write(self, data):
        """Sends the head, then `data`, without waiting for the handler to return."""
        self._begin()
        self._write(to_bytes(data))

    def _begin(self, length=None):
        if self._write is not None:
            return
        code, status = self._status
        headers = list(self._headers)
        names = {name.lower() for name, _ in headers}
        if code not in _WITHOUT and 'content-type' not in names:
            headers.append(('Content-Type', 'text/html; charset=utf-8'))
        if code not in _WITHOUT and length is not None and 'content-length' not in names:
            headers.append(('Content-Length', str(length)))
        self._write = self._start_response(status, headers)

    def _body(self, value):
        if value is None:
            return self._whole([])
        if isinstance(value, (str, bytes, bytearray, memoryview, int, float)):
            return self._whole([to_bytes(value)])
        if isinstance(value, (list, tuple, set, frozenset, dict)):
            return self._whole([to_bytes(part) for part in value if part is not None])
        if hasattr(value, 'read'):
            return self._file(value)
        if hasattr(value, '__iter__'):
            return self._parts(value)
        return self._whole([to_bytes(value)])

    def _whole(self, parts):
        body = b''.join(parts)
        if self._write is None:
            self._begin(len(body))
        return [body] if body else []

    def _file(self, file):
        wrapper = self.environ.get('wsgi.file_wrapper')
        if wrapper is not None and not isinstance(file, io.TextIOBase):
            self._begin()
            return wrapper(file, 65536)
        return self._parts(iter(lambda: file.read(65536), type(file.read(0))()), getattr(file, 'close', None))

    def _parts(self, value, close=None):
        """Each as it comes."""
        iterator = iter(value)
        # A failure before the first part can still become a page.
        first = next(iterator, None)
        self._begin()
        return _Parts(first, iterator, close or getattr(value, 'close', None))

    def _failed(self, error):
        if self._websocket is not None and self._websocket.opened:
            raise error
        told = traceback.format_exc()
        self._logger.error(told)
        if self._write is not None:
            raise error
        debug = self._logger.isEnabledFor(10)
        page = error_page(error, told, self._issue_tracker, debug).encode('utf-8')
        headers = [('Content-Type', 'text/html; charset=utf-8'), ('Content-Length', str(len(page)))]
        try:
            self._start_response('500 Internal Server Error', headers, sys.exc_info())
        finally:
            error = None
        return [page]


class _Parts:
    """What is sent as it comes: an iterator with the `close()` of what was returned."""

    def __init__(self, first, rest, close):
        self._first = first
        self._rest = rest
        if close is not None:
            self.close = close

    def __iter__(self):
        if self._first is not None:
            yield to_bytes(self._first)
            self._first = None
        for part in self._rest:
            if part is not None:
                yield to_bytes(part)


def error_page(error, told, issue_tracker, debug):
    """The traceback only where the logger shows debug lines: it may hold secrets."""
    kind = type(error).__name__
    body = ''
    if debug:
        body = '<p><b>%s</b></p><pre>%s</pre>' % (html.escape('%s :%s' % (kind, error)), html.escape(told))
    query = urlencode({'title': kind, 'body': '```python\n%s\n```' % (told if debug else kind)})
    report = '<p><a href="%s" target="_blank" rel="noopener noreferrer"><button>report</button></a></p>' % (
        html.escape('%s?%s' % (issue_tracker, query)),
    )
    return '<!doctype html><meta charset="utf-8"><title>Internal Server Error(500)</title>' + (
        '<h1>Internal Server Error(500)</h1>' + body + report
    )


def not_found_page(path, query):
    shown = '%s?%s' % (path, query) if query else path
    return '<!doctype html><meta charset="utf-8"><title>Not Found(404)</title>' + (
        '<h1>Page Not Found(404)</h1><p><b>%s</b></p>' % html.escape(shown)
    )
