"""For requests that come together: some wait, some end their process."""
import os
import threading

go = threading.Event()


def application(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/waits':
        go.wait()
        go.clear()
    elif path == '/go':
        go.set()
    elif path == '/ends':
        os._exit(3)
    elif path == '/process':
        path = str(os.getpid())
    body = environ['wsgi.input'].read()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    text = ('%s?%s' % (path, environ['QUERY_STRING'])).encode() + body
    return iter([text[:3], text[3:]]) if path == '/pieces' else [text]
