"""A CPython process of the gateway: one socket to the gateway for each thread, and one to be told what to do.

Children end with their gateway: the control socket closes, also where Node was killed.

gevent and eventlet replace what threading and time have, and a thread of theirs is a greenlet, which would wait for this one for
ever: what is imported here by its name stays that of the system.
"""
import json
import os
import signal
import socket
import sys
import threading
from _thread import start_new_thread
from threading import get_ident
from time import sleep

from . import forked, streams
from .channel import Channel
from .serving import Serving
from .slot import Slot

CONTROL = 3
FIRST_SLOT = 4

# Bytes of a response that are on their way to the gateway.
SEND_BUFFER = 256 * 1024

# Seconds that threads may take to end when the gateway is gone.
GRACE = 1
# Seconds that the main thread of a script may go on, where another one has served.
LINGER = 1
# Seconds between two looks at what was imported meanwhile, where files are watched.
LOOK = 0.5


class ThreadSlot(Slot):
    """A thread, and its socket."""

    # Its identifier, once it takes requests.
    thread = None

    def __init__(self, index):
        sock = socket.socket(fileno=FIRST_SLOT + index)
        # Programs that the application starts must not hold it open.
        os.set_inheritable(sock.fileno(), False)
        sock.setblocking(True)
        # Twice as much is sent before the gateway has to read. The system may give less.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().__init__(Channel(sock), forked.ForkableRequest)
        self._working = threading.Lock()

    def work(self, application, environs):
        with self._working:
            self.thread = get_ident()
            super().work(application, environs)
            if self.channel.forked:
                forked.end()
            self.channel.close()

    def join(self, timeout=-1):
        """Waits until it takes no more requests."""
        if self._working.acquire(timeout=timeout):
            self._working.release()


class Host(Serving):
    def __init__(self):
        self._control = socket.socket(fileno=CONTROL)
        os.set_inheritable(CONTROL, False)
        self._lines = self._control.makefile('r', encoding='utf-8')
        super().__init__(json.loads(self._lines.readline()))
        self._slots = [ThreadSlot(index) for index in range(self._config['threads'])]
        self._main = get_ident()
        self._telling = threading.Lock()
        self._interrupted = False

    def main(self):
        end_with_parent()
        streams.install()
        threading.stack_size(8 * 1024 * 1024)
        # The gateway says when to end. A signal to all processes of a group stops the gateway, which waits for requests.
        handlers = {signal.SIGINT: self._on_interrupt, signal.SIGTERM: _on_terminate}
        for number, handler in handlers.items():
            signal.signal(number, handler)
        forked.prepare(self._slots, handlers, self._on_fork)
        # threading does not know it: gevent gives locks that are held to its greenlets only where there is one thread.
        start_new_thread(self._listen, ())
        return self.load_and_serve()

    def _begin(self, application):
        for index, slot in enumerate(self._slots):
            if index > 0:
                _start('wsgi-%d' % index, slot.work, application, self._environs)

    def _work(self, application):
        if self._config.get('watch'):
            _start('wsgi-files', self._watch_files)
        # The first works in this thread: programs expect that signals and event loops work somewhere.
        self._slots[0].work(application, self._environs)
        for slot in self._slots[1:]:
            slot.join()

    def _end_script(self):
        start_new_thread(self._interrupt_script, ())

    def _interrupt_script(self):
        sleep(LINGER)
        if self._script_ended:
            return
        # As Ctrl-C, or as SIGTERM where the script has a function for that.
        terminates = signal.getsignal(signal.SIGTERM) is not _on_terminate
        self._interrupted = not terminates
        signal.pthread_kill(self._main, signal.SIGTERM if terminates else signal.SIGINT)

    def _give_up(self):
        # The gateway is to read what it was told before.
        sleep(LINGER)
        os._exit(1)

    def _watch_files(self):
        while True:
            sleep(LOOK)
            self.tell_files()

    def _tell(self, **message):
        try:
            with self._telling:
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
                elif 'withdraw' in message:
                    index = message['withdraw']
                    self._tell(withdrawn=[index, self._slots[index].channel.withdraw()])
        except (OSError, ValueError):
            pass
        # The gateway is gone. What can end by itself gets a moment for it.
        for slot in self._slots:
            if slot.request:
                self._interrupt(self._slots.index(slot), slot.request)
        for slot in self._slots[1:]:
            slot.join(GRACE)
        # The script goes on after its server.
        sleep(GRACE)
        os._exit(1)

    def _interrupt(self, index, number):
        """Raises KeyboardInterrupt in a thread, if it still works on that request."""
        slot = self._slots[index]
        if number != slot.request:
            return
        if slot.thread == self._main:
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

    def _on_fork(self):
        # Another thread of the parent may have had it.
        self._telling = threading.Lock()

    def _on_interrupt(self, *_):
        # Ctrl-C goes to all processes of a terminal: the gateway decides.
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt()


def _start(name, target, *args):
    if threading.get_ident is get_ident:
        threading.Thread(target=target, args=args, name=name, daemon=True).start()
    else:
        start_new_thread(target, args)


def _on_terminate(*_):
    """Nothing."""


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
