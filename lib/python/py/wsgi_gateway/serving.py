"""Loads an application, or runs a script that starts a server, and serves what comes of it: the same in every runtime."""
import platform
import sys
import threading
import time

from . import loader, request, rooms, script, servers
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
        # The gateway knows that it serves.
        self._ready = False
        # Set when the gateway has stopped.
        self._over = threading.Event()
        self._failed = False
        self._is_script = False
        # The main thread of the script is through.
        self._script_ended = False
        self._files = set()

    def load_and_serve(self):
        """Until the gateway stops. Gives an exit code."""
        sys.path[:0] = self._config['path']
        script.serve = self.serve
        script.is_serving = lambda: self._serving and not self._over.is_set()
        script.is_alone = self._config.get('alone', True)
        rooms.tell = self._tell
        servers.install()
        try:
            self._load()
        except loader.LoadError as error:
            self._failed = True
            self._report(error)
        return 1 if self._failed else 0

    def _load(self):
        module, expression = self._config['module'], self._config.get('callable')
        sys.argv[:] = [module] + self._config['args']
        if expression is not None or not module.endswith('.py'):
            self._serve_application(loader.load(module, expression), None)
            return
        self._is_script = script.is_running = True
        names = loader.run_script(module, self._over.is_set)
        # As Python itself does at the end of a script.
        while script.made and not self._serving and script.other_threads():
            time.sleep(0.01)
        self._script_ended = True
        if not self._serving:
            if names is None:
                # As with --help of its own.
                raise loader.LoadError('%s ended with sys.exit() before it served an application' % module)
            self._serve_application(loader.default_of(names, module), None)
        # It is another thread of the script that serves.
        self._over.wait()

    def serve(self, application, host, port):
        """Serves until the gateway stops. `host` and `port`: where the script wanted to listen."""
        if not self._is_script:
            # A module that starts its server when it is imported, of which the application was named.
            return
        if self._over.is_set():
            # A script that handles requests for ever, one after the other: it has had them all.
            raise SystemExit()
        if script.is_forked():
            raise RuntimeError('What a process serves that the application has forked is not served here: see --workers')
        if self._serving:
            raise RuntimeError('The gateway serves one application of a script, and this is the second')
        if not callable(application):
            raise TypeError('The application is not callable: it is %s' % type(application).__name__)
        address = None if port is None else {'host': str(host or ''), 'port': int(port)}
        if script.is_in_main():
            self._serve_application(application, address)
            return
        try:
            self._serve_application(application, address)
        except BaseException as error:
            # The main thread does not hear of it.
            self._fail(error)
            raise SystemExit()
        if not self._script_ended:
            self._end_script()

    def _serve_application(self, application, address):
        self._serving = True
        try:
            self._begin(application)
            self.tell_files()
            self._tell(
                ready=True,
                implementation=platform.python_implementation(),
                version=platform.python_version(),
                address=address,
            )
            self._ready = True
            self._work(application)
        finally:
            # Also where a signal handler of the script raises, as by sys.exit().
            self._over.set()

    def _fail(self, error):
        self._failed = True
        failure = loader.LoadError('%s failed' % self._config['module'], loader.own_traceback(error))
        try:
            self._report(failure)
        except Exception:
            # The gateway cannot be told: its log is.
            sys.stderr.write('%s\n%s' % (failure, failure.details))
        self._give_up()

    def _report(self, error):
        if self._ready:
            sys.stderr.write('%s\n%s' % (error, error.details))
        else:
            self.tell_files()
            self._tell(failed=str(error), details=error.details)

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

    def _end_script(self):
        """The gateway has stopped, and another thread of the script has served: its main thread may go on for ever."""

    def _give_up(self):
        """Another thread of the script was to serve, and cannot: its main thread may go on for ever."""

    def _work(self, application):
        raise NotImplementedError
