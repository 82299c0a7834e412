"""Makes environ of what is told of a request."""
import json

# Layouts of requests that are kept, and the longest: clients choose names of headers.
_MOST_LAYOUTS = 256
_LONGEST_LAYOUT = 2048


class Environs:
    """Makes environ of what is told of a request (lib/python/request-message.ts). `facts`: what it says of the server.

    Native strings travel as they are; what else middleware has added, as JSON. Most requests have the same keys in the same
    order: these are known by heart, and a copy of an environ that has them is filled.
    """

    def __init__(self, facts):
        self._facts = facts
        self._layouts = {}

    def made(self, told):
        """A request: environ, flags, and what is told of a WebSocket or None."""
        text, more = told
        keys, _, values = text.partition('\1')
        flags, names, pattern = self._layouts.get(keys) or self._learn(keys)
        environ = pattern.copy()
        environ.update(zip(names, values.split('\0')))
        if not more:
            return environ, flags, None
        more = json.loads(more)
        environ.update(more['environ'])
        return environ, flags, more['socket']

    def _learn(self, keys):
        flags, *names = keys.split('\0')
        layout = flags, names, {**dict.fromkeys(names), **self._facts}
        if len(keys) <= _LONGEST_LAYOUT:
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[keys] = layout
        return layout
