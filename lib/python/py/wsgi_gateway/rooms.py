"""Rooms: `publish` and `subscribe`, for any code of the application. `wsocket` has them too, where it is this package's.

One message to everyone who has subscribed to a topic, in whatever thread, process or language: the gateway has the members.
"""
import base64

from .frames import message_of
from .streams import current

_MOST_CHARACTERS = 1024

# Set by the runtime: says something to the gateway that belongs to no request.
tell = None


def publish(topic, message):
    """To all members of the topic: WebSockets, and loops over `subscribe(topic)`.

    Text goes out as a text frame, bytes as a binary one. From any code. In a handler it blocks while members are behind.
    Raises TypeError for what is not a topic or message.
    """
    _check(topic)
    if topic.endswith('*'):
        raise TypeError(
            'publish() takes one topic, and %r stands for all that begin so: leave out the *' % topic[:40]
        )
    is_text = isinstance(message, str)
    if not is_text and not isinstance(message, (bytes, bytearray, memoryview)):
        raise TypeError('publish() takes text or bytes, not %s' % type(message).__name__)
    data = message.encode('utf-8') if is_text else bytes(message)
    request = current.request
    if request is not None:
        request.topics('publish', topic, is_text, data=data)
    elif is_text:
        tell(publish={'topic': topic, 'text': message})
    else:
        tell(publish={'topic': topic, 'bytes': base64.b64encode(data).decode('ascii')})


def subscribe(topic, timeout=None):
    """The messages that are published on `topic` from now on: `for message in subscribe('news')`, which blocks.

    With a trailing `*`: all topics that begin with what is before it. The loop ends without an error when the client leaves,
    when the server stops, after `timeout` seconds, and with `close()`. Leaving it ends the subscription, and so does the end
    of the request. Raises SlowSubscriber in the loop if too much waits for it.
    """
    _check(topic)
    request = current.request
    if request is None:
        raise RuntimeError(
            'subscribe() belongs to a request: call it in a handler, and in the thread that the handler was called in'
        )
    if timeout is not None:
        timeout = float(timeout)
        if not 0 <= timeout < float('inf'):
            raise ValueError('timeout must be a number of seconds, not %r' % timeout)
    return Subscription(request, request.topics('subscribe', topic, timeout)[0])


class Subscription:
    """Text and bytes as they were published. A loop over it ends it; `next()` takes one message."""

    def __init__(self, request, number):
        self._request = request
        self._number = number

    def __next__(self):
        if self._request is None:
            raise StopIteration
        if self._request.over:
            self._request = None
            raise StopIteration
        message = message_of(self._request.topics('next', self._number))
        if message is None:
            self._request = None
            raise StopIteration
        return message

    def __iter__(self):
        try:
            while True:
                try:
                    message = next(self)
                except StopIteration:
                    return
                yield message
        finally:
            self.close()

    def close(self):
        """Ends it. A loop over it in another thread ends as well."""
        request, self._request = self._request, None
        if request is not None:
            request.unsubscribe(self._number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()


def _check(topic):
    # A lone half of a pair of surrogates has no form as bytes, in which topics travel.
    if (
        isinstance(topic, str)
        and 0 < len(topic) <= _MOST_CHARACTERS
        and not any('\ud800' <= one <= '\udfff' for one in topic)
    ):
        return
    shown = repr(topic[:40]) if isinstance(topic, str) else type(topic).__name__
    raise TypeError('A topic is a string of 1 to %d characters, not %s' % (_MOST_CHARACTERS, shown))
