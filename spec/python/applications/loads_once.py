"""An application that loads, or does not, as the environment says."""
import os

if os.environ.get('WSGI_SPEC_BROKEN'):
    raise RuntimeError('not this time')


def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'%d' % os.getpid()]
