"""WSocket's examples, each at a path of its own: wsocket_site.py PORT serves them by its own server."""
import sys

from wsocket import WebSocketError, WSocketApp, logger, run

logger.setLevel(50)


class Separate(WSocketApp):
    """WSocket keeps the routes in its class, for all applications of a process."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.routes = {}


routes = Separate()


@routes.route('/routes/')
def handle_websocket(environ, start_response):
    wsock = environ.get('wsgi.websocket')
    if not wsock:
        start_response()
        return 'Hello World!'
    while True:
        try:
            message = wsock.receive()
            if message is not None:
                wsock.send('you : ' + message)
                wsock.send('again : ' + message)
        except WebSocketError:
            break
    return []


@routes.route('/routes/mixed')
def mixed(environ, start_response):
    start_response('201 Created', [('Content-Type', 'text/plain'), ('X-Example', 'yes')])
    return ['text and ', b'bytes']


@routes.route('/routes/file')
def file(environ, start_response):
    start_response(200, [('Content-Type', 'text/plain')])
    return open('assets/text.txt', 'rb')


@routes.route('/routes/short')
def short(environ, start_response):
    start_response(404)
    return 'short'


events = Separate(protocol='chat')


def on_connect(client):
    client.send('connected')


def on_message(message, client):
    client.send('you said ' + message)


events.onconnect = on_connect
events.onmessage = on_message


def plain(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [environ['QUERY_STRING'].encode()]


middleware = Separate(plain)


def application(environ, start_response):
    path = environ['PATH_INFO']
    app = events if path.startswith('/events') else routes if path.startswith('/routes') else middleware
    return app(environ, start_response)


if __name__ == '__main__':
    run(application, port=int(sys.argv[1]))
