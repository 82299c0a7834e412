from gevent import monkey

monkey.patch_all()

import time  # noqa: E402

import gevent  # noqa: E402


def app(environ, start_response):
    length = len(environ['wsgi.input'].read())
    time.sleep(0.01)
    greenlet = gevent.spawn(lambda: 'greenlets')
    start_response('200 OK', [('Content-Type', 'text/plain')])
    yield b'%d bytes for ' % length
    yield greenlet.get().encode()


if __name__ == '__main__':
    from gevent.pywsgi import WSGIServer

    WSGIServer(('127.0.0.1', 0), app).serve_forever()
    print('after serve_forever()')
