"""Loads an application, or runs a script that starts a server, and serves what comes of it: the same in every runtime."""
import platform
import sys
import threading
import time

from . import loader, request, rooms, servers
from .environs import Environs


class Serving:
    """A runtime has called `streams.install`. It has `_tell` to say things to the gateway, `_begin` to start its threads, and `_work` to take requests."""

    def __init__(self, config):
        self._config = config
        self._environs = Environs(
            {
                **request.ALWAYS,
                'wsgi.multithread': config['threads'] > 1,
                'wsgi.multiprocess': bool(config['multiprocess']),
                'wsgi.run_once': False,
            }
        )
        self._serving = False
        # Set when the gateway has stopped.
        self._over = threading.Event()
        self._running_script = False
        self._loading = True
        self._files = set()

    def load_and_serve(self):
        """Until the gateway stops. Gives an exit code."""
        sys.path[:0] = self._config['path']
        servers.serve = self.serve
        servers.is_serving = lambda: self._serving and not self._over.is_set()
        rooms.tell = self._tell
        servers.install()
        try:
            self._load()
        except loader.LoadError as error:
            if self._serving:
                sys.stderr.write('%s\n%s' % (error, error.details))
            else:
                self.tell_files()
                self._tell(failed=str(error), details=error.details)
            return 1
        return 0

    def _load(self):
        module, expression = self._config['module'], self._config.get('callable')
        sys.argv[:] = [module] + self._config['args']
        if expression is not None or not module.endswith('.py'):
            application = loader.load(module, expression)
            self._loading = False
            self.serve(application, None, None)
            return
        self._running_script = servers.is_script = True
        names = loader.run_script(module)
        # As Python itself does at the end of a script.
        while servers.made and not self._serving and servers.other_threads():
            time.sleep(0.01)
        if not self._serving:
            application = loader.default_of(names, module)
            self.serve(application, None, None)
        # It is another thread of the script that serves.
        self._over.wait()

    def serve(self, application, host, port):
        """Serves until the gateway stops. `host` and `port`: where the script wanted to listen."""
        if self._loading and not self._running_script:
            # A module that starts its server when it is imported, of which the application was named.
            return
        if self._over.is_set():
            # A script that handles requests for ever, one after the other: it has had them all.
            raise SystemExit()
        if self._serving:
            raise RuntimeError('The gateway serves one application of a script, and this is the second')
        if not callable(application):
            raise TypeError('The application is not callable: it is %s' % type(application).__name__)
        self._serving = True
        address = None if port is None else {'host': str(host or ''), 'port': int(port)}
        self._begin(application)
        self.tell_files()
        self._tell(
            ready=True,
            implementation=platform.python_implementation(),
            version=platform.python_version(),
            address=address,
        )
        self._work(application)
        self._over.set()

    def tell_files(self):
        """Which files of the application were loaded since this was last called."""
        if self._config.get('watch'):
            new = loader.loaded_files() - self._files
            self._files |= new
            if new:
                self._tell(files=sorted(new))

    def _tell(self, **message):
        raise NotImplementedError

    def _begin(self, application):
        """Nothing, where there is one thread."""

    def _work(self, application):
        raise NotImplementedError
