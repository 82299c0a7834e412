"""A site in CherryPy: exposed methods, sessions, uploads, JSON, gzip, static files, ranges, basic authentication, errors."""
import os

import cherrypy
from cherrypy.lib import static

ASSETS = os.path.abspath('assets')


class Root:
    @cherrypy.expose
    def index(self):
        return '<h1>CherryPy</h1>'

    @cherrypy.expose
    def hello(self, name='world', **more):
        return 'hello %s %s' % (name, sorted(more.items()))

    @cherrypy.expose
    def count(self):
        cherrypy.session['count'] = cherrypy.session.get('count', 0) + 1
        return 'count %d' % cherrypy.session['count']

    @cherrypy.expose
    def forget(self):
        cherrypy.lib.sessions.expire()
        raise cherrypy.HTTPRedirect('/count')

    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def sums(self):
        return {'sum': sum(cherrypy.request.json['numbers'])}

    @cherrypy.expose
    def upload(self, file, note=''):
        size = 0
        while True:
            block = file.file.read(8192)
            if not block:
                break
            size += len(block)
        return '%s %s %d %s' % (file.filename, file.content_type, size, note)

    @cherrypy.expose
    @cherrypy.tools.gzip()
    def long(self):
        return 'compress me ' * 500

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def tagged(self):
        return 'the same each time'

    @cherrypy.expose
    def download(self):
        return static.serve_file(os.path.join(ASSETS, 'picture.bin'), 'application/x-download', 'attachment')

    @cherrypy.expose
    def stream(self):
        cherrypy.response.headers['Content-Type'] = 'text/plain'
        for number in range(40):
            yield 'part %d\n' % number

    stream._cp_config = {'response.stream': True}

    @cherrypy.expose
    def moved(self):
        raise cherrypy.HTTPRedirect('/hello?name=moved', 301)

    @cherrypy.expose
    def refused(self):
        raise cherrypy.HTTPError(403, 'not for you')

    @cherrypy.expose
    def fails(self):
        raise ValueError('on purpose')

    @cherrypy.expose
    def rest(self, *path, **query):
        return '%s %s %s' % (cherrypy.request.method, path, sorted(query.items()))

    @cherrypy.expose
    def private(self):
        return 'hello %s' % cherrypy.request.login

    @cherrypy.expose
    @cherrypy.tools.allow(methods=['POST'])
    def posts(self):
        return 'posted'


CONFIG = {
    '/': {
        'tools.sessions.on': True,
        # No thread that removes old sessions: Pyodide has none.
        'tools.sessions.clean_freq': 0,
        'tools.encode.on': True,
        'tools.encode.encoding': 'utf-8',
    },
    '/static': {'tools.staticdir.on': True, 'tools.staticdir.dir': ASSETS},
    '/private': {
        'tools.auth_basic.on': True,
        'tools.auth_basic.realm': 'specs',
        'tools.auth_basic.checkpassword': lambda realm, user, password: (user, password) == ('ann', 'sesame'),
    },
}

cherrypy.config.update({'environment': 'embedded', 'request.show_tracebacks': False, 'log.screen': False})
application = cherrypy.Application(Root(), '', CONFIG)
