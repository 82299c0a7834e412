"""Tells what it sees of a request, for the request vectors: environ, then the body."""
import json


def application(environ, start_response):
    shown = {key: value for key, value in environ.items() if isinstance(value, (str, bool))}
    errors = environ['wsgi.errors']
    errors.write(json.dumps({'environ': shown}) + '\n')
    body = environ['wsgi.input'].read()
    errors.write(json.dumps({'body': body.decode('latin-1')}) + '\n')
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'seen']
