"""python-socketio and Flask-SocketIO: which of their modes there is here, and their server.

Those of gevent and eventlet expect that all requests are greenlets of one thread. Here each has a thread: what one of them
sends would not reach the client of another, or late.
"""
import sys

_MODE = 'threading'
_GREEN = ('gevent', 'gevent_uwsgi', 'eventlet')


def engineio(module):
    """Changes `engineio.base_server`."""
    base = module.BaseServer
    original = base.__init__

    def init(self, async_mode=None, *args, **options):
        if not self.is_asyncio_based():
            if async_mode in _GREEN:
                raise RuntimeError(
                    "Socket.IO with async_mode=%r needs the server of %s, and this one has threads: write async_mode='threading', and leave out monkey patching"
                    % (async_mode, async_mode.partition('_')[0])
                )
            library = _patching()
            if library:
                raise RuntimeError(
                    'Socket.IO needs real threads here, and %s has replaced them: leave out its monkey patching' % library
                )
            # What is not named it chooses by what is installed.
            async_mode = async_mode or _MODE
        original(self, async_mode, *args, **options)

    base.__init__ = init


def _patching():
    """Which library has replaced the threads of Python."""
    monkey = sys.modules.get('gevent.monkey')
    if monkey is not None and monkey.is_module_patched('threading'):
        return 'gevent'
    patcher = sys.modules.get('eventlet.patcher')
    if patcher is not None and patcher.is_monkey_patched('thread'):
        return 'eventlet'
    return None


def flask_socketio(module):
    """`SocketIO.run()`, which refuses to serve without a terminal: it means Werkzeug's server, and the gateway serves."""
    original = module.SocketIO.run

    def run(self, *args, **options):
        options['allow_unsafe_werkzeug'] = True
        return original(self, *args, **options)

    module.SocketIO.run = run
