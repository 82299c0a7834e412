"""A site in web.py: classes for routes, input, uploads, sessions on disk, cookies, redirects, errors, a stream."""
import os

import web

urls = (
    '/', 'Index',
    '/hello/(.*)', 'Hello',
    '/form', 'Form',
    '/upload', 'Upload',
    '/count', 'Count',
    '/cookie', 'Cookie',
    '/moved', 'Moved',
    '/stream', 'Stream',
    '/refused', 'Refused',
    '/fails', 'Fails',
    '/told', 'Told',
)  # fmt: skip

web.config.debug = False
app = web.application(urls, globals(), autoreload=False)
session = web.session.Session(app, web.session.DiskStore(os.path.abspath('state/webpy')), initializer={'count': 0})


class Index:
    def GET(self):
        web.header('Content-Type', 'text/html; charset=utf-8')
        return '<h1>web.py: Grüße</h1>'


class Hello:
    def GET(self, name):
        return 'hello %s' % (name or 'world')


class Form:
    def GET(self):
        return '<form method="post"><input name="text"></form>'

    def POST(self):
        given = web.input(text='', many=[])
        return '%s %s' % (given.text, given.many)


class Upload:
    def POST(self):
        file = web.input(file={}).file
        return '%s %d' % (file.filename, len(file.file.read()))


class Count:
    def GET(self):
        session.count += 1
        return str(session.count)

    def DELETE(self):
        session.kill()
        return ''


class Cookie:
    def GET(self):
        web.setcookie('taste', 'swe et', expires=3600, path='/', samesite='Lax')
        return web.cookies(taste='none').taste


class Moved:
    def GET(self):
        raise web.seeother('/hello/moved')


class Stream:
    def GET(self):
        web.header('Content-Type', 'text/plain')
        for number in range(30):
            yield 'part %d\n' % number


class Refused:
    def GET(self):
        raise web.forbidden()


class Fails:
    def GET(self):
        raise ValueError('on purpose')


class Told:
    def GET(self):
        names = ['host', 'path', 'fullpath', 'query', 'method', 'protocol', 'home', 'homepath']
        return '\n'.join('%s=%s' % (name, web.ctx.get(name)) for name in names)

    def PUT(self):
        return web.data()


application = app.wsgifunc()
