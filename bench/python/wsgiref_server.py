"""The server of Python's own library: `wsgiref_server.py MODULE PORT`."""
import importlib
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


app = importlib.import_module(sys.argv[1]).app
make_server("127.0.0.1", int(sys.argv[2]), app, handler_class=Quiet).serve_forever()
