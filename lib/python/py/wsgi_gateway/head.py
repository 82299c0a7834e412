"""Statuses and headers that are surely right, which the gateway need not be asked about before start_response returns.

The rules themselves are the gateway's, and written there once: of everything that is unusual it is asked, and what it
refuses is raised at once.
"""
import re
import struct

_STATUS = re.compile(r'[2-9][0-9]{2} [!-~](?:[ -~]*[!-~])?').fullmatch
_NAME = re.compile(r'[0-9A-Za-z-]{1,64}').fullmatch
_VALUE = re.compile(r'[!-~\xa1-\xff](?:[ -~\xa1-\xff]*[!-~\xa1-\xff])?').fullmatch
# For one client alone, or another one each time.
_OWN = frozenset(('Set-Cookie', 'set-cookie', 'ETag', 'Date', 'Last-Modified'))

_LENGTH_OF = struct.Struct('>I')
_LENGTH = re.compile(r'[0-9]{1,15}').fullmatch

# Those that an application must not send, and those with rules of their own.
_ASK = frozenset(
    'connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers '
    'transfer-encoding upgrade status content-length'.split()
)

# Names that were found to be right. An application that invents names cannot grow it further.
_known = {}
_MOST = 1000


# Heads that were found to be right: what is sent of them. Most applications send few different ones.
_heads = {}
_MOST_HEADS = 256
_LONGEST = 1024


def known(status, headers):
    """A head that was right before: `(head, encoded)`, or None."""
    if headers.__class__ is not list:
        return None
    try:
        return _heads.get((status, *headers))
    except TypeError:
        return None


def remember(status, headers):
    """A head that is plain, with the bytes that are sent of it (channel.py)."""
    fields = [status]
    for pair in headers:
        fields += pair
    text = '\n'.join(fields).encode('latin-1')
    made = (status, headers), _LENGTH_OF.pack(len(text)) + text
    if len(text) <= _LONGEST and not any(name in _OWN for name, _ in headers):
        if len(_heads) >= _MOST_HEADS:
            _heads.clear()
        _heads[(status, *headers)] = made
    return made


def _plain_name(name):
    plain = _NAME(name) is not None and name.lower() not in _ASK
    if plain and len(_known) < _MOST:
        _known[name] = True
    return plain


def is_plain(status, headers):
    """Whether a head of strings is right beyond doubt."""
    if _STATUS(status) is None:
        return False
    lengths = 0
    for name, value in headers:
        if name in _known or _plain_name(name):
            if value and _VALUE(value) is None:
                return False
        elif name in ('Content-Length', 'content-length') and _LENGTH(value) is not None:
            lengths += 1
        else:
            return False
    return lengths < 2


def copied(status, headers):
    """The head as the gateway gets it. Raises AssertionError, as wsgiref does, for what is not made of strings."""
    if not isinstance(status, str):
        raise AssertionError('The status must be a string such as "200 OK", not %s' % type(status).__name__)
    if not isinstance(headers, list):
        raise AssertionError(
            'The headers must be a list of (name, value) tuples, not %s' % type(headers).__name__
        )
    flat = []
    for index, pair in enumerate(headers):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise AssertionError(
                'Header %d is not a (name, value) tuple but %s' % (index, type(pair).__name__)
            )
        name, value = pair
        if not isinstance(name, str):
            raise AssertionError('A header name must be a string, not %s' % type(name).__name__)
        if not isinstance(value, str):
            raise AssertionError(
                'The value of the header %s must be a string, not %s' % (name, type(value).__name__)
            )
        flat.append((name, value))
    return flat


def room(head, method):
    """Bytes of body that a head announces; None: as many as come."""
    status, headers = head
    if method == 'HEAD' or status[:3] in ('204', '205', '304'):
        return 0
    for name, value in headers:
        if name.lower() == 'content-length' and value.isdigit():
            return int(value)
    return None
