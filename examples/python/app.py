"""An application in Python, with a page and a WebSocket: `npx wsgi app.py:app`."""


def app(environ, start_response):
    websocket = environ.get('wsgi.websocket')
    if websocket is None:
        start_response('200 OK', [('Content-Type', 'text/plain; charset=utf-8')])
        return [('Hello from Python, at %s\n' % environ['PATH_INFO']).encode()]
    for message in websocket:
        websocket.send('Python heard: %s' % message)
    return []
