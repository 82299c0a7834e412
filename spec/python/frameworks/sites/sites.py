"""The applications of this folder in one process, told apart by the host that a request names: `sites:application`.

Each is loaded when it is first asked for, so that a Python that lacks the packages of one still serves the others.
"""
import importlib
import threading

# By the first label of the host: flaskr.example.
SITES = {
    'flaskr': 'flaskr_site',
    'polls': 'polls_site.wsgi',
    'bottle': 'bottle_site',
    'pyramid': 'pyramid_site',
    'falcon': 'falcon_site',
    'cherrypy': 'cherrypy_site',
    'webpy': 'webpy_site',
    'dash': 'dash_site',
    'sock': 'sock_site',
    'simple': 'simple_site',
}

_loaded = {}
_lock = threading.Lock()


def application(environ, start_response):
    name = environ['HTTP_HOST'].partition('.')[0]
    with _lock:
        if name not in _loaded:
            _loaded[name] = importlib.import_module(SITES[name]).application
    return _loaded[name](environ, start_response)
