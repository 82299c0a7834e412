"""Servers of `socketserver`, as those of wsgiref and Werkzeug: the gateway serves in the place of the application's own.

They do not listen before they serve. One that is not the application's own (see `script.is_main`) does so itself, then.
"""
import errno
import socket
import sys
import time

from . import script

# Seconds between two attempts to get a port that another process of the application has.
_RETRY = 0.5

# Pyodide has no sockets.
_HAS_SOCKETS = sys.platform != 'emscripten'
# A port that a socket holds without listening can be listened at, where both allow that.
_CAN_HOLD = sys.platform.startswith('linux')


def patch(base, application_of):
    """Changes a class of servers. `application_of(server)`: what it serves."""
    bind, activate = base.server_bind, base.server_activate

    def bind_later(self):
        if script.is_serving() or isinstance(self.server_address, str):
            # One that a handler makes for itself, as for the answer to a login elsewhere; or a Unix socket.
            bind(self)
            return
        self._wsgi_gateway_waits = script.made = True
        self._wsgi_gateway_steps = [bind, activate]
        self._wsgi_gateway_host, port = host, port = self.server_address[:2]
        if port == 0 and _HAS_SOCKETS:
            # Programs print which one it is: the system chooses it now.
            bind(self)
            self._wsgi_gateway_steps = [activate]
            return
        self.server_name, self.server_port = host or 'localhost', port
        if hasattr(self, 'setup_environ'):
            self.setup_environ()

    def activate_later(self):
        if not _waits(self):
            activate(self)

    def serving(own):
        def serve_here(self, *args, **options):
            if _waits(self) and script.is_main():
                if hasattr(self.socket, 'context'):
                    script.say_tls()
                if not (_CAN_HOLD and self.allow_reuse_address):
                    self.socket.close()
                script.serve(application_of(self), self._wsgi_gateway_host, self.server_address[1])
                # What shutdown() waits for.
                self._BaseServer__is_shut_down.set()
                return
            if _waits(self):
                self._wsgi_gateway_waits = False
                if not _listen(self):
                    return
            own(self, *args, **options)

        return serve_here

    base.server_bind = bind_later
    base.server_activate = activate_later
    base.serve_forever = serving(base.serve_forever)
    base.handle_request = serving(base.handle_request)


def _waits(server):
    return getattr(server, '_wsgi_gateway_waits', False)


def _listen(server):
    """Whether it listens now, and was not shut down before it could."""
    if not script.is_alone and getattr(server, 'allow_reuse_port', False):
        # Each process would get some of the connections.
        server.allow_reuse_port = False
    told = False
    for step in server._wsgi_gateway_steps:
        while not _try(step, server):
            if not told:
                told = True
                script.say(
                    'port %d is in use, as by another process of the application: this one takes it when it is free'
                    % server.server_address[1]
                )
            if server._BaseServer__shutdown_request:
                server._BaseServer__is_shut_down.set()
                return False
            time.sleep(_RETRY)
    return True


def _try(step, server):
    try:
        step(server)
    except OSError as error:
        if script.is_alone or error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def chosen(host, port):
    """The port, and the socket that holds it where it is 0: the system chooses one, for servers that are not of `socketserver`."""
    if port != 0 or not _HAS_SOCKETS:
        return port, None
    held = socket.socket(socket.AF_INET6 if ':' in (host or '') else socket.AF_INET)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((host or '', 0))
    port = held.getsockname()[1]
    if not _CAN_HOLD:
        held.close()
    return port, held
