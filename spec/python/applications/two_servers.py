"""An application that starts another server in a thread, as prometheus_client does for metrics."""
import threading
import time
from urllib.request import urlopen
from wsgiref.simple_server import make_server


def metrics(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'metrics']


def app(environ, start_response):
    if environ['PATH_INFO'] == '/own':
        with make_server('127.0.0.1', 0, metrics) as own:
            threading.Thread(target=own.handle_request, daemon=True).start()
            with urlopen('http://127.0.0.1:%d' % own.server_port) as answer:
                start_response('200 OK', [('Content-Type', 'text/plain')])
                return [b'own ' + answer.read()]
    while other.server_port == 0:
        time.sleep(0.01)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'%d' % other.server_port]


other = make_server('127.0.0.1', 0, metrics)
threading.Thread(target=other.serve_forever, daemon=True).start()

if __name__ == '__main__':
    make_server('127.0.0.1', 0, app).serve_forever()
