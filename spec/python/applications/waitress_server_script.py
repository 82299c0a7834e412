from waitress.server import create_server


def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'waitress says hi']


server = create_server(app, host='127.0.0.1', port=0)
server.print_listen('Serving on http://{}:{}')
server.run()
