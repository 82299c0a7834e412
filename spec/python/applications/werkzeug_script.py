from werkzeug.serving import make_server


def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'werkzeug says hi']


server = make_server('127.0.0.1', 0, app, threaded=True)
print('Serving on %s:%d' % (server.host, server.server_port))
server.serve_forever()
server.shutdown()
print('after serve_forever()')
