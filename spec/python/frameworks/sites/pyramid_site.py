"""A site in Pyramid: routes, traversal of views, signed sessions, CSRF tokens, flash messages, JSON, files, tweens, errors."""
import os

from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPForbidden, HTTPFound, HTTPNotFound
from pyramid.response import FileResponse, Response
from pyramid.session import JSONSerializer, SignedCookieSessionFactory
from pyramid.view import exception_view_config, forbidden_view_config, notfound_view_config, view_config

ASSETS = os.path.abspath('assets')


@view_config(route_name='home')
def home(request):
    messages = ''.join('<li>%s</li>' % message for message in request.session.pop_flash())
    return Response(
        '<h1>Home</h1><ul>%s</ul><form method="post" action="/say">'
        '<input type="hidden" name="csrf_token" value="%s"><input name="text"></form>' % (messages, get_csrf_token(request))
    )


@view_config(route_name='say', request_method='POST', require_csrf=True)
def say(request):
    request.session.flash('You said %s' % request.POST['text'])
    said = request.session.setdefault('said', [])
    said.append(request.POST['text'])
    request.session.changed()
    return HTTPFound(request.route_url('home'))


@view_config(route_name='said', renderer='json')
def said(request):
    return {'said': request.session.get('said', []), 'ticks': request.params.getall('tick')}


@view_config(route_name='person', renderer='json')
def person(request):
    return {'name': request.matchdict['name'], 'url': request.current_route_url(), 'accept': str(request.accept)}


@view_config(route_name='rest', renderer='json', request_method='GET')
def rest_get(request):
    return {'path': request.matchdict['rest'], 'subpath': list(request.subpath)}


@view_config(route_name='rest', renderer='json', request_method='PUT')
def rest_put(request):
    return {'body': request.json_body, 'length': request.content_length}


@view_config(route_name='upload', renderer='json', request_method='POST')
def upload(request):
    sent = request.POST['file']
    return {'name': sent.filename, 'type': sent.type, 'size': len(sent.file.read()), 'note': request.POST['note']}


@view_config(route_name='file')
def file(request):
    return FileResponse(os.path.join(ASSETS, 'text.txt'), request=request, content_type='text/plain')


@view_config(route_name='conditional')
def conditional(request):
    response = Response('the same each time', content_type='text/plain', conditional_response=True)
    response.etag = 'same'
    response.cache_control.max_age = 60
    response.vary = ['Accept-Language', 'Cookie']
    return response


@view_config(route_name='stream')
def stream(request):
    response = Response(content_type='text/plain')
    response.app_iter = (b'part %d\n' % number for number in range(30))
    return response


@view_config(route_name='gzip')
def gzip(request):
    response = Response('compress me ' * 200, content_type='text/plain')
    response.encode_content()
    return response


@view_config(route_name='secret')
def secret(request):
    raise HTTPForbidden('not for you')


@view_config(route_name='fails')
def fails(request):
    raise LookupError('on purpose')


@forbidden_view_config()
def forbidden(request):
    return Response('<p>Forbidden: %s</p>' % request.exception.detail, status=403)


@notfound_view_config(append_slash=True)
def missing(request):
    return Response('<p>Nothing at %s</p>' % request.path, status=404)


@exception_view_config(LookupError)
def failed(error, request):
    return Response('<p>%s</p>' % error, status=500)


def timing(handler, registry):
    def tween(request):
        response = handler(request)
        response.headers['X-Tween'] = request.method
        return response

    return tween


def main():
    with Configurator() as config:
        # Otherwise the cookie is sent again with the first request of each second.
        kept = SignedCookieSessionFactory('for the specs', serializer=JSONSerializer(), timeout=None, reissue_time=86400)
        config.set_session_factory(kept)
        for name, pattern in [
            ('home', '/'),
            ('say', '/say'),
            ('said', '/said'),
            ('person', '/people/{name}/'),
            ('rest', '/rest/*rest'),
            ('upload', '/upload'),
            ('file', '/file'),
            ('conditional', '/conditional'),
            ('stream', '/stream'),
            ('gzip', '/gzip'),
            ('secret', '/secret'),
            ('fails', '/fails'),
        ]:
            config.add_route(name, pattern)
        config.add_static_view('static', ASSETS, cache_max_age=600)
        config.add_tween('pyramid_site.timing')
        config.scan('pyramid_site')
        return config.make_wsgi_app()


application = main()
