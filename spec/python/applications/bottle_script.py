from bottle import WSGIRefServer, request, route, run


@route('/')
def index():
    return 'Bottle says ' + request.query.q


run(server=WSGIRefServer(host='127.0.0.1', port=0), plugins=['bottle:JSONPlugin()'])
