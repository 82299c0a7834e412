"""Servers that are not of `socketserver`, in whose place the gateway serves: those of cheroot (web.py, CherryPy), Paste, eventlet and gunicorn.

And the reloaders beside them, which would start the program again without the gateway.
"""
from . import script, socket_servers


def cheroot(module):
    """`cheroot.wsgi.Server(...).start()`. CherryPy calls it in a thread, and waits until it is ready."""
    base = module.Server
    own_prepare, own_serve, own_stop = base.prepare, base.serve, base.stop

    def is_ours(self):
        return getattr(self, '_wsgi_gateway_held', None) is not None

    def prepare(self):
        if script.is_serving() or isinstance(self.bind_addr, (str, bytes)) or not script.is_main():
            own_prepare(self)
            return
        if self.ssl_adapter is not None:
            script.say_tls()
        host, port = self.bind_addr[:2]
        port, held = socket_servers.chosen(host, port)
        self._wsgi_gateway_held = [held]
        self.bind_addr = host, port
        self.ready = True

    def serve(self):
        if not is_ours(self):
            own_serve(self)
        elif script.is_main():
            script.serve(self.wsgi_app, *self.bind_addr)
            self.ready = False
        else:
            # Another thread has prepared it for this one, which is a daemon.
            self._wsgi_gateway_held = None
            own_prepare(self)
            own_serve(self)

    def stop(self):
        if is_ours(self):
            self.ready = False
        else:
            own_stop(self)

    base.prepare, base.serve, base.stop = prepare, serve, stop


class _AnyPort:
    """In the place of portend: the gateway listens, and does so before and after a process of Python."""

    def __init__(self, portend):
        self.Timeout = portend.Timeout
        self.client_host = portend.client_host

    def free(self, *_args, **_options):
        """Whether nobody listens."""

    def occupied(self, *_args, **_options):
        """Whether somebody listens."""


def cherrypy_servers(module):
    if hasattr(module, 'portend'):
        module.portend = _AnyPort(module.portend)


def cherrypy_plugins(module):
    def start(self):
        script.say('the reloader of CherryPy is not used: see --reload')

    module.Autoreloader.start = start


def paste(module):
    original = module.serve

    def serve(application, host=None, port=None, *args, **options):
        if not options.get('start_loop', True):
            return original(application, host, port, *args, **options)
        if options.get('ssl_pem') or options.get('ssl_context'):
            script.say_tls()
        host = host or '127.0.0.1'
        if ':' in host:
            host, port = host.split(':', 1)
        script.serve(application, host, int(port or 8080))

    module.serve = script.here(serve, original)


def eventlet(module):
    def server(sock, site, *_args, **_options):
        address = sock.getsockname()
        # It listens already, where the gateway is to.
        sock.close()
        host, port = (None, None) if isinstance(address, (str, bytes)) else address[:2]
        script.serve(site, host, port)

    module.server = script.here(server, module.server)


def gunicorn(module):
    """`BaseApplication(...).run()`, for programs that have gunicorn built in."""

    def run(self):
        script.say('the settings of gunicorn are not used but for its address: see wsgi --help')
        address = self.cfg.address[0]
        host, port = address[:2] if isinstance(address, tuple) else (None, None)
        script.serve(self.wsgi(), host, port)

    module.BaseApplication.run = script.here(run, module.BaseApplication.run)


def django(module):
    """`manage.py runserver`, which starts a second process of Python for it."""

    def run_with_reloader(main_func, *args, **options):
        script.say('the reloader of Django is not used: see --reload')
        main_func(*args, **options)

    module.run_with_reloader = run_with_reloader
