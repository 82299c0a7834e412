"""A thread of Pyodide: Python in WebAssembly, with one request or WebSocket at a time."""
import json
import os
import random
import signal
import sys

from . import files, pyodide_loop, pyodide_patches
from .pyodide_channel import Channel
from .pyodide_request import LoneRequest
from .serving import Serving
from .slot import Slot


# Variables that packages in the snapshot have set, or removed (None), while they were imported.
written = {}


def set_environment(env):
    os.environ.clear()
    os.environ.update(env)
    for name, value in written.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    handlers = sys.modules.get('wsgiref.handlers')
    if handlers is not None:
        # It has a copy, of the environment that the snapshot was made in.
        handlers.BaseHandler.os_environ = handlers.read_environ()


class PyodideHost(Serving):
    """`bridge`: what JavaScript does for Python (lib/python/pyodide/bridge.ts)."""

    def __init__(self, bridge, config):
        super().__init__(config)
        self._bridge = bridge
        self._slot = Slot(self._open(bridge), LoneRequest)
        self._modules = 0

    def _open(self, bridge):
        return Channel(bridge, self._on_interrupt)

    def main(self):
        signal.signal(signal.SIGINT, self._on_interrupt)
        files.identify = self._identify
        pyodide_patches.activate(self._bridge, self._on_interrupt, self._config['pid'])
        self._have_loop()
        set_environment(self._config['env'])
        # Memory that comes from a file has the state that it had there.
        random.seed()
        sys.path[:] = [path for path in sys.path if path]
        sys.path.extend(self._config['packages'])
        return self.load_and_serve()

    def _have_loop(self):
        pyodide_loop.activate()

    def _tell(self, **message):
        if message.pop('ready', False):
            self._bridge.report(json.dumps({'ready': True, 'loaded': message}))
        elif 'failed' in message:
            details = message['details'].rstrip()
            self._bridge.report(json.dumps({'failed': message['failed'] + (details and '\n' + details)}))
        else:
            self._slot.channel.tell(message)

    def _begin(self, application):
        if self._bridge.loaded():
            from .pyodide_snapshot import packaged

            self._bridge.note(json.dumps(packaged(self._config['installed'])))

    def _work(self, application):
        slot, channel, environs = self._slot, self._slot.channel, self._environs

        def serve(size):
            try:
                number, told = channel.told(size)
                slot.serve(number, told, application, environs)
                if watches:
                    self._look()
            except KeyboardInterrupt:
                # It came too late for its request.
                pass
            return channel.last()

        watches = self._config.get('watch')
        self._bridge.run(serve)

    def _look(self):
        """What a request has imported, where files are watched."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            self.tell_files()

    def _on_interrupt(self, *_):
        if self._bridge.interrupted() == self._slot.request and self._slot.request:
            raise KeyboardInterrupt()

    def _identify(self, descriptor):
        """Descriptor, device and inode on the host of a file that is open here; None where it is in memory."""
        told = self._bridge.identify(descriptor)
        return told.split() if isinstance(told, str) else None


def main(bridge, config):
    return PyodideHost(bridge, json.loads(config)).main()
