from bottle import request, route, run


@route('/')
def index():
    return 'Bottle says ' + request.query.q


run(host='127.0.0.1', port=0)
