from wsgiref.simple_server import demo_app, make_server
from wsgiref.validate import validator

with make_server('127.0.0.1', 0, validator(demo_app)) as httpd:
    print('Serving...')
    httpd.serve_forever()
