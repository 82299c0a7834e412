from waitress import serve


def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'waitress says hi']


serve(app, listen='127.0.0.1:0')
print('after serve()')
