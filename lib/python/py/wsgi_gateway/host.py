"""A CPython process of the gateway: one socket to the gateway for each thread, and one to be told what to do.

Children end with their gateway: the control socket closes, also where Node was killed.
"""
import json
import os
import platform
import signal
import socket
import sys
import threading
import time

from . import errors, loader, servers, streams
from . import channel as wire
from .request import Request

CONTROL = 3
FIRST_SLOT = 4

# Seconds that threads may take to end when the gateway is gone.
GRACE = 1
# Seconds between two looks at what was imported meanwhile, where somebody watches files.
LOOK = 0.5


class Slot:
    """A thread's socket, and the request that it works on."""

    def __init__(self, index):
        sock = socket.socket(fileno=FIRST_SLOT + index)
        # Programs that the application starts must not hold it open.
        os.set_inheritable(sock.fileno(), False)
        sock.setblocking(True)
        self.channel = wire.Channel(sock)
        self.thread = None
        self.request = 0

    def work(self, application, facts):
        """Until the gateway closes the socket."""
        self.thread = threading.get_ident()
        while not self.channel.broken:
            try:
                self._serve(application, facts)
            except errors.GatewayClosed:
                break
            except KeyboardInterrupt:
                # It came too late for its request.
                continue
        self.channel.close()

    def _serve(self, application, facts):
        kind, number, _, payload = self.channel.read()
        if kind != wire.REQUEST:
            return
        self.request = number
        try:
            Request(self.channel, number, facts, json.loads(payload)).run(application)
        finally:
            self.request = 0


class Host:
    def __init__(self):
        self._control = socket.socket(fileno=CONTROL)
        os.set_inheritable(CONTROL, False)
        self._lines = self._control.makefile('r', encoding='utf-8')
        self._config = json.loads(self._lines.readline())
        self._slots = [Slot(index) for index in range(self._config['threads'])]
        self._facts = {
            'wsgi.multithread': len(self._slots) > 1,
            'wsgi.multiprocess': bool(self._config['multiprocess']),
            'wsgi.run_once': False,
        }
        self._serving = False
        self._running_script = False
        self._loading = True
        self._interrupted = False
        self._files = set()

    def main(self):
        end_with_parent()
        threading.stack_size(8 * 1024 * 1024)
        signal.signal(signal.SIGINT, self._on_interrupt)
        # The gateway says when to end. Who stops a whole group of processes stops the gateway, which waits for requests.
        signal.signal(signal.SIGTERM, lambda *_: None)
        threading.Thread(target=self._listen, name='wsgi-control', daemon=True).start()
        sys.stdout = streams.RequestStream(sys.stdout)
        sys.stderr = streams.RequestStream(sys.stderr)
        sys.path[:0] = self._config['path']
        servers.serve = self.serve
        servers.install()
        try:
            self._load_and_serve()
        except loader.LoadError as error:
            if self._serving:
                sys.stderr.write('%s\n%s' % (error, error.details))
            else:
                self._tell_files()
                self._tell(failed=str(error), details=error.details)
            return 1
        return 0

    def _load_and_serve(self):
        module, expression = self._config['module'], self._config.get('callable')
        sys.argv[:] = [module]
        if expression is not None or not module.endswith('.py'):
            application = loader.load(module, expression)
            self._loading = False
            self.serve(application, None, None)
            return
        self._running_script = True
        names = loader.run_script(module)
        if not self._serving:
            application = loader.default_of(names, module)
            self.serve(application, None, None)

    def serve(self, application, host, port):
        """Serves until the gateway stops. `host` and `port`: where the script wanted to listen."""
        if self._loading and not self._running_script:
            # A module that starts its server when it is imported, of which the application was named.
            return
        if self._serving:
            raise RuntimeError('The gateway serves one application of a script, and this is the second')
        if not callable(application):
            raise TypeError('The application is not callable: it is %s' % type(application).__name__)
        self._serving = True
        address = None if port is None else {'host': str(host or ''), 'port': int(port)}
        others = [
            threading.Thread(
                target=slot.work, args=(application, self._facts), name='wsgi-%d' % index, daemon=True
            )
            for index, slot in enumerate(self._slots)
            if index > 0
        ]
        for thread in others:
            thread.start()
        self._tell_files()
        if self._config.get('watch'):
            threading.Thread(target=self._watch_files, name='wsgi-files', daemon=True).start()
        self._tell(
            ready=True,
            implementation=platform.python_implementation(),
            version=platform.python_version(),
            address=address,
        )
        # The first works in this thread: programs expect that signals and event loops work somewhere.
        self._slots[0].work(application, self._facts)
        for thread in others:
            thread.join()

    def _tell_files(self):
        """Which files of the application were loaded since this was last called."""
        if self._config.get('watch'):
            new = loader.loaded_files() - self._files
            self._files |= new
            if new:
                self._tell(files=sorted(new))

    def _watch_files(self):
        while True:
            time.sleep(LOOK)
            self._tell_files()

    def _tell(self, **message):
        try:
            self._control.sendall((json.dumps(message) + '\n').encode('utf-8'))
        except OSError:
            pass

    def _listen(self):
        """The thread of the control socket."""
        try:
            for line in self._lines:
                message = json.loads(line)
                if 'interrupt' in message:
                    self._interrupt(*message['interrupt'])
        except (OSError, ValueError):
            pass
        # The gateway is gone. What can end by itself gets a moment for it.
        for slot in self._slots:
            if slot.request:
                self._interrupt(self._slots.index(slot), slot.request)
        for slot in self._slots[1:]:
            self._join(slot)
        self._join(self._slots[0])
        os._exit(1)

    @staticmethod
    def _join(slot):
        for thread in threading.enumerate():
            if thread.ident == slot.thread:
                thread.join(GRACE)

    def _interrupt(self, index, number):
        """Raises KeyboardInterrupt in a thread, if it still works on that request."""
        slot = self._slots[index]
        if number != slot.request:
            return
        if slot.thread == threading.main_thread().ident:
            self._interrupted = True
            # Ends what the thread waits for in the kernel, too.
            signal.pthread_kill(slot.thread, signal.SIGINT)
            return
        try:
            import ctypes
        except ImportError:
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(slot.thread), ctypes.py_object(KeyboardInterrupt)
        )

    def _on_interrupt(self, *_):
        # Ctrl-C goes to all processes of a terminal: the gateway decides.
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt()


def end_with_parent():
    """Linux ends this process with the gateway, also where a thread keeps all others from running."""
    if not sys.platform.startswith('linux'):
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        # The control socket tells it as well.
        pass
