"""Scripts that start a server themselves: their application is served by the gateway instead.

Each of the functions here changes one module, right after it was imported. Nothing is changed in programs that do not
import it.
"""
import importlib.abc
import importlib.util
import os
import sys

from . import errors, other_servers, script, socket_servers, socketio

_OWN_WSOCKET = os.path.join(os.path.dirname(__file__), 'wsocket.py')


class PatchFinder(importlib.abc.MetaPathFinder):
    """Finds modules as the others do, and changes those that start servers when they were executed."""

    def __init__(self):
        self._busy = set()

    def find_spec(self, name, path=None, target=None):
        patch = PATCHES.get(name)
        if patch is None or name in self._busy:
            return None
        self._busy.add(name)
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        finally:
            self._busy.discard(name)
        if spec is None or not hasattr(spec.loader, 'exec_module'):
            return None
        spec.loader = PatchLoader(spec.loader, patch)
        return spec


class PatchLoader:
    """Another loader, which may be that of other modules too, and the change after it."""

    def __init__(self, loader, patch):
        self._loader = loader
        self._patch = patch

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def exec_module(self, module):
        # Modules know their loader, and read what lies beside them with it.
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._patch(module)


class OwnWsocketFinder(importlib.abc.MetaPathFinder):
    """The module `wsocket` of this package, where WSocket is not installed. The last of all finders."""

    def find_spec(self, name, path=None, target=None):
        if name != 'wsocket':
            return None
        return importlib.util.spec_from_file_location('wsocket', _OWN_WSOCKET)


def install():
    script.begin()
    if any(isinstance(finder, PatchFinder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, PatchFinder())
    sys.meta_path.append(OwnWsocketFinder())
    for name, patch in PATCHES.items():
        if name in sys.modules:
            patch(sys.modules[name])


def _wsgiref(module):
    """`make_server(...).serve_forever()`, and servers of classes that inherit from wsgiref's."""
    socket_servers.patch(module.WSGIServer, lambda server: server.get_app())


def _werkzeug(module):
    """`run_simple`, and with it Flask's `app.run()`; `make_server(...).serve_forever()`."""

    def run_simple(
        hostname,
        port,
        application,
        use_reloader=False,
        use_debugger=False,
        use_evalex=True,
        extra_files=None,
        exclude_patterns=None,
        reloader_interval=1,
        reloader_type='auto',
        threaded=False,
        processes=1,
        request_handler=None,
        static_files=None,
        passthrough_errors=False,
        ssl_context=None,
    ):
        if static_files:
            from werkzeug.middleware.shared_data import SharedDataMiddleware

            application = SharedDataMiddleware(application, static_files)
        if ssl_context is not None:
            script.say_tls()
        if use_reloader or use_debugger:
            script.say("the reloader and the debugger of werkzeug are not used: see --reload and --log-level debug")
        script.serve(application, hostname, port)

    module.run_simple = script.here(run_simple, module.run_simple)
    if hasattr(module, 'BaseWSGIServer'):
        socket_servers.patch(module.BaseWSGIServer, lambda server: server.app)


def _bottle(module):
    def run(
        app=None,
        server='wsgiref',
        host='127.0.0.1',
        port=8080,
        interval=1,
        reloader=False,
        quiet=False,
        plugins=None,
        debug=None,
        config=None,
        **options
    ):
        if module.NORUN:
            return
        if debug is not None:
            module.debug(debug)
        app = app or module.default_app()
        if isinstance(app, str):
            app = module.load_app(app)
        if not callable(app):
            raise ValueError('Application is not callable: %r' % app)
        for plugin in plugins or []:
            app.install(module.load(plugin) if isinstance(plugin, str) else plugin)
        if config:
            app.config.update(config)
        if isinstance(server, module.ServerAdapter):
            host, port = server.host, server.port
        script.serve(app, host, int(port))

    module.run = script.here(run, module.run)


def _waitress(module):
    def address(options):
        listen = str(options.get('listen') or '').split()
        if listen:
            host, _, port = listen[0].rpartition(':')
            return ('' if host in ('*', '') else host.strip('[]')), int(port)
        host = options.get('host') or '0.0.0.0'
        port = options.get('port')
        return host, 8080 if port is None else int(port)

    def start(app, **options):
        host, port = address(options)
        prefix = options.get('url_prefix')
        if prefix:
            script.say('url_prefix is not used: see --script-name')
        script.serve(app, host, port)

    class Server:
        def __init__(self, app, **options):
            self.application = app
            self.effective_host, port = address(options)
            self.effective_port, self._held = socket_servers.chosen(self.effective_host, port)

        def run(self):
            script.serve(self.application, self.effective_host, self.effective_port)

        def print_listen(self, _format):
            """The gateway says where it listens."""

        def close(self):
            """There is no socket."""

    def create_server(application, map=None, **options):
        return Server(application, **options)

    if hasattr(module, 'serve'):
        module.serve = script.here(start, module.serve)
    module.create_server = script.here(create_server, module.create_server)


def _wsocket(module):
    """WSocket as it was installed: `wsgi.websocket` is the gateway's, and raises the errors that WSocket's code catches."""
    _websocket_errors(module)

    def run(app=None, host='127.0.0.1', port=8080, **options):
        script.serve(module.WSocketApp() if app is None else app, host, port)

    module.run = run
    if module.__file__ == _OWN_WSOCKET:
        return
    call = module.WSocketApp.__call__

    def with_protocol(self, environ, start_response):
        # WSocket chooses it in its own handshake, which is not used here.
        websocket = environ.get('wsgi.websocket')
        if websocket is not None and self.protocol:
            websocket.supported_protocols = [self.protocol]
        return call(self, environ, start_response)

    module.WSocketApp.__call__ = with_protocol


def _websocket_errors(module):
    for name in ('WebSocketError', 'ProtocolError', 'FrameTooLargeException'):
        if hasattr(module, name):
            setattr(module, name, getattr(errors, name))


def _gevent(module):
    base = module.WSGIServer

    def serve_forever(self, *_args, **_options):
        script.serve(self.application, *self._wsgi_gateway_listener)

    original = base.__init__

    def init(self, listener, application=None, *args, **options):
        if script.is_forked():
            original(self, listener, application, *args, **options)
            return
        host, port = _listener(listener)
        port, self._wsgi_gateway_held = socket_servers.chosen(host, port)
        self._wsgi_gateway_listener = host, port
        original(self, (host, port), application, *args, **options)

    base.__init__ = init
    base.serve_forever = script.here(serve_forever, base.serve_forever)
    base.start = script.here(serve_forever, base.start)


def _listener(given):
    if hasattr(given, 'getsockname'):
        # A socket that listens already, where the gateway is to.
        host, port = given.getsockname()[:2]
        given.close()
        return host, port
    if isinstance(given, tuple):
        return given[0], int(given[1])
    host, _, port = str(given).rpartition(':')
    return host, int(port)


def _simple_websocket(module):
    from .simple_websocket import server_class

    module.Server = server_class(module)
    ws = sys.modules.get('simple_websocket.ws')
    if ws is not None:
        ws.Server = module.Server


PATCHES = {
    'wsgiref.simple_server': _wsgiref,
    'werkzeug.serving': _werkzeug,
    'bottle': _bottle,
    'waitress': _waitress,
    'waitress.server': _waitress,
    'wsocket': _wsocket,
    'geventwebsocket.exceptions': _websocket_errors,
    'gevent.pywsgi': _gevent,
    'simple_websocket': _simple_websocket,
    'engineio.base_server': socketio.engineio,
    'flask_socketio': socketio.flask_socketio,
    'cheroot.wsgi': other_servers.cheroot,
    'cherrypy.process.servers': other_servers.cherrypy_servers,
    'cherrypy.process.plugins': other_servers.cherrypy_plugins,
    'paste.httpserver': other_servers.paste,
    'eventlet.wsgi': other_servers.eventlet,
    'gunicorn.app.base': other_servers.gunicorn,
    'django.utils.autoreload': other_servers.django,
}
