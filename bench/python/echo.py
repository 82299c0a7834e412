"""A WebSocket echo, for WSocket's own server and for ours."""
import sys


def app(environ, start_response):
    wsock = environ["wsgi.websocket"]
    while True:
        message = wsock.receive()
        if message is None:
            return []
        wsock.send(message)


if __name__ == "__main__":
    from wsocket import ThreadingWSGIServer, WebSocketHandler
    from wsgiref.simple_server import make_server

    make_server("127.0.0.1", int(sys.argv[1]), app, ThreadingWSGIServer, WebSocketHandler).serve_forever()
