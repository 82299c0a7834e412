"""A script whose server runs in a thread of its own, which is no daemon."""
import threading
from wsgiref.simple_server import make_server


def hello(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [threading.current_thread().name.encode()]


server = make_server('127.0.0.1', 9, hello)
threading.Thread(target=server.serve_forever, name='server').start()
