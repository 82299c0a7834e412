"""Serves the Python sides of PORTING.md as they stand there, told apart by a header: serve_pairs.py PORT PAIRS.json

wsgiref serves them, and for those of WSocket its own handler, which is one of wsgiref. The clock runs faster.
"""
import json
import sys
import time
import wsgiref.simple_server
from wsgiref.simple_server import ServerHandler

import wsocket

SPEED = 50
sleep = time.sleep
time.sleep = lambda seconds: sleep(seconds / SPEED)


class WSocketApp(wsocket.WSocketApp):
    """WSocket keeps the routes in its class, for all applications of a process."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.routes = {}


class Captured:
    """What make_server() gives: it has the application, and serves nothing."""

    def __init__(self, host, port, app, *rest):
        self.app = app

    def __enter__(self):
        captured.append(self.app)
        return self

    def __exit__(self, *error):
        return False

    def serve_forever(self):
        pass


captured = []
make_server = wsgiref.simple_server.make_server
wsgiref.simple_server.make_server = Captured
wsocket.run = lambda app, **options: captured.append(app)
wsocket.WSocketApp = WSocketApp


def load(code):
    """The application of a block, and whether it is one of WSocket."""
    captured.clear()
    names = {"app": WSocketApp(), "logger": wsocket.logger, "sleep": time.sleep, "WSocketApp": WSocketApp}
    before = dict(names)
    exec(compile(code, "PORTING.md", "exec"), names)
    if captured:
        app = captured[0]
    elif names["app"] is not before["app"] or names["app"].routes or "onconnect" in names:
        app = names["app"]
    else:
        own = [value for name, value in names.items() if name not in before and type(value) is type(load)]
        app = next(one for one in own if one.__code__.co_varnames[:2] == ("environ", "start_response"))
    return app, isinstance(app, WSocketApp)


class Handler(wsocket.FixedHandler):
    def log_request(self, *args):
        pass

    def handle(self):
        self.raw_requestline = self.rfile.readline(65537)
        if not self.parse_request():
            return
        environ = self.get_environ()
        app, is_wsocket = apps[environ["HTTP_PAIR"]]
        kind = wsocket.FixedServerHandler if is_wsocket else ServerHandler
        handler = kind(self.rfile, self.wfile, self.get_stderr(), environ)
        handler.request_handler = self
        handler.run(app)


with open(sys.argv[2]) as file:
    apps = {pair["name"]: load(pair["code"]) for pair in json.load(file)}

server = make_server("127.0.0.1", int(sys.argv[1]), None, wsocket.ThreadingWSGIServer, Handler)
server.serve_forever()
