"""A site in Bottle: routes, templates, forms, uploads, signed cookies, files, errors, a generator, another application."""
import os

import bottle
from bottle import HTTPError, HTTPResponse, redirect, request, response, static_file, template

ASSETS = os.path.abspath('assets')
application = app = bottle.Bottle()
items = {}


@app.hook('after_request')
def label():
    response.set_header('X-Framework', 'bottle')


@app.get('/')
def index():
    return template('<h1>{{title}}</h1><ul>% for key in items:\n<li>{{key}}</li>\n% end\n</ul>', title='Ünïcode', items=items)


@app.get('/hello/<name>')
def hello(name):
    return template('<p>Hello {{name}}, of {{q}}</p>', name=name, q=request.query.q or 'nowhere')


@app.get('/number/<number:int>')
def number(number):
    return {'number': number, 'double': number * 2}


@app.route('/items/<key>', method=['GET', 'PUT', 'DELETE', 'PATCH'])
def item(key):
    if request.method == 'PUT':
        response.status = 200 if key in items else 201
        items[key] = request.json
    elif request.method == 'DELETE':
        items.pop(key, None)
        return HTTPResponse(status=204)
    if key not in items:
        raise HTTPError(404, 'There is no %s' % key)
    return {'item': items[key]}


@app.post('/form')
def form():
    return {name: request.forms.getall(name) for name in sorted(request.forms)}


@app.post('/upload')
def upload():
    files = [
        [name, upload.raw_filename, upload.content_type, len(upload.file.read())]
        for name, upload in sorted(request.files.items())
    ]
    return {'files': files, 'fields': dict(request.forms.decode())}


@app.post('/raw')
def raw():
    body = request.body.read()
    return {'length': len(body), 'declared': request.content_length, 'chunked': request.chunked}


@app.get('/cookies')
def cookies():
    visits = request.get_cookie('visits', default=0, secret='bottle', digestmod=__import__('hashlib').sha256) + 1
    response.set_cookie('visits', visits, secret='bottle', digestmod=__import__('hashlib').sha256, path='/', httponly=True)
    response.set_cookie('plain', 'a "b"; c', max_age=3600)
    response.set_cookie('site', 'x', samesite='lax', secure=True)
    return 'visit %d, %s' % (visits, request.get_cookie('plain'))


@app.get('/forget')
def forget():
    response.delete_cookie('plain')
    redirect('/cookies', 303)


@app.get('/files/<path:path>')
def files(path):
    return static_file(path, root=ASSETS, download=request.query.get('download'))


@app.get('/lines')
def lines():
    response.content_type = 'text/plain; charset=latin-1'
    for line in range(50):
        yield 'Zeile %d, Grüße\n' % line


@app.get('/environ')
def environ():
    names = ['REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'SERVER_PROTOCOL', 'HTTP_X_A', 'CONTENT_TYPE', 'CONTENT_LENGTH', 'wsgi.url_scheme']
    return {name: repr(request.environ.get(name)) for name in names}


@app.get('/url')
def url():
    return {'url': request.url, 'path': request.path, 'parts': list(request.urlparts), 'remote': request.remote_addr}


@app.get('/auth')
@bottle.auth_basic(lambda user, password: (user, password) == ('ann', 'sesame'))
def auth():
    return 'hello %s' % request.auth[0]


@app.get('/fails')
def fails():
    raise ValueError('on purpose')


@app.get('/stops')
def stops():
    bottle.abort(418, 'I am a teapot')


@app.get('/nothing')
def nothing():
    return None


@app.error(404)
def missing(error):
    return template('<p>Nothing at {{path}}: {{body}}</p>', path=request.path, body=error.body)


inner = bottle.Bottle()


@inner.get('/where')
def where():
    return '%s|%s' % (request.script_name, request.path)


app.mount('/inner', inner)
