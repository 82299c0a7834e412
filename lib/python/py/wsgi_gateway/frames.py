"""What frames between Python and the gateway are, and what is in them.

A frame is a head of 13 bytes (length of what follows, kind, number of the request, number of the call) and its payload.
A call has a number of its own, and its answer has the same: an answer that nobody waits for any more is dropped.
"""
import json
import struct

HEAD = struct.Struct('>IcII')
_LENGTH = struct.Struct('>I')

# From the gateway.
REQUEST = b'R'
OK = b'O'
ERROR = b'X'
BYTES = b'C'
END = b'Z'
TAKEN = b'A'
GONE = b'Q'
TEXT = b't'
BINARY = b'b'
NEWS = b'n'

# To the gateway.
HEADERS = b'H'
RESPONSE = b'S'
WHOLE = b'K'
FIRST = b'I'
BLOCK = b'B'
BODY_END = b'E'
WRITE = b'W'
FILE = b'Y'
FAILED = b'F'
DONE = b'D'
PULL = b'P'
HINTS = b'G'
SOCKET = b'V'
SEND_TEXT = b'm'
SEND_BINARY = b'M'
RECEIVED = b'r'
TOPICS = b'N'
ABANDON = b'U'
OUTPUT = b'L'
ERRORS = b'T'

encode = json.JSONEncoder(ensure_ascii=False, separators=(',', ':')).encode


def packed(value, rest=b''):
    """A value as JSON with its length before it, and bytes after it. A lone surrogate becomes a question mark."""
    text = encode(value).encode('utf-8', 'replace')
    return b'%b%b%b' % (_LENGTH.pack(len(text)), text, rest)


def unpacked(payload):
    """What `packed` made: the value, and the bytes."""
    end = 4 + _LENGTH.unpack_from(payload)[0]
    return json.loads(payload[4:end]), payload[end:]


def message_of(answer):
    """A message of a WebSocket or of a topic: text, bytes, or None where there is none (lib/python/socket-calls.ts)."""
    kind, data = answer
    if kind == 'none':
        return None
    return data.decode('utf-8') if kind == 'text' else data


def uint32(value):
    return _LENGTH.pack(value)


def told_of(payload):
    """What is told of a request: its text, and JSON or nothing."""
    end = 4 + _LENGTH.unpack_from(payload)[0]
    return str(payload[4:end], 'latin-1'), payload[end:]


def as_bytes(text):
    """UTF-8, with U+FFFD for a lone surrogate."""
    try:
        return text.encode('utf-8')
    except UnicodeEncodeError:
        return ''.join('\ufffd' if '\ud800' <= one <= '\udfff' else one for one in text).encode('utf-8')
