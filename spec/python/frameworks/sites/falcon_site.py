"""An API in Falcon: resources, media, converters, multipart forms, streams, ranges, hooks, cookies, errors, sinks."""
import os
import uuid

import falcon
from falcon import Request, Response

ASSETS = os.path.abspath('assets')


class Things:
    def __init__(self):
        self.things = {}

    def on_get(self, req: Request, resp: Response):
        resp.media = {'things': list(self.things.values()), 'limit': req.get_param_as_int('limit', default=10, max_value=50)}

    def on_post(self, req: Request, resp: Response):
        thing = dict(req.media, id=len(self.things) + 1)
        self.things[thing['id']] = thing
        resp.status = falcon.HTTP_201
        resp.location = '/things/%d' % thing['id']
        resp.media = thing

    def on_get_one(self, req: Request, resp: Response, number: int):
        if number not in self.things:
            raise falcon.HTTPNotFound(title='No such thing', description='There is no thing %d' % number)
        resp.media = self.things[number]
        resp.set_header('X-Thing', str(number))

    def on_patch_one(self, req: Request, resp: Response, number: int):
        self.things[number].update(req.get_media())
        resp.media = self.things[number]

    def on_delete_one(self, req: Request, resp: Response, number: int):
        del self.things[number]
        resp.status = falcon.HTTP_204


class Uploads:
    def on_post(self, req: Request, resp: Response):
        parts = []
        for part in req.get_media():
            data = part.stream.read()
            parts.append({'name': part.name, 'filename': part.filename, 'type': part.content_type, 'size': len(data)})
        resp.media = parts


class Streams:
    def on_get(self, req: Request, resp: Response):
        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = (b'block %d\n' % number for number in range(40))

    def on_post(self, req: Request, resp: Response):
        total = 0
        while True:
            block = req.bounded_stream.read(4096)
            if not block:
                break
            total += len(block)
        resp.text = str(total)


class Files:
    def on_get(self, req: Request, resp: Response):
        path = os.path.join(ASSETS, 'picture.bin')
        resp.content_type = 'application/octet-stream'
        resp.set_stream(open(path, 'rb'), os.path.getsize(path))
        resp.downloadable_as = 'picture.bin'


class Cookies:
    def on_get(self, req: Request, resp: Response):
        seen = int((req.get_cookie_values('seen') or ['0'])[0]) + 1
        resp.set_cookie('seen', str(seen), max_age=600, same_site='Lax', secure=False)
        resp.text = 'seen %d' % seen

    def on_delete(self, req: Request, resp: Response):
        resp.unset_cookie('seen')


class Cached:
    def on_get(self, req: Request, resp: Response):
        resp.etag = 'abc'
        resp.cache_control = ['public', 'max-age=60']
        resp.vary = ['Accept', 'Origin']
        if req.if_none_match and 'abc' in req.if_none_match:
            resp.status = falcon.HTTP_304
            return
        resp.text = 'cached'


class Told:
    def on_get(self, req: Request, resp: Response):
        resp.media = {
            'uri': req.uri,
            'forwarded': req.forwarded_uri,
            'query': req.params,
            'range': req.range,
            'accepts': req.client_prefers(['application/json', 'text/html']),
            'header': req.get_header('X-Header'),
            'method': req.method,
        }

    on_post = on_put = on_options = on_get


class Fails:
    def on_get(self, req: Request, resp: Response):
        raise ValueError('on purpose')


class Pairs:
    def on_get(self, req: Request, resp: Response, key: uuid.UUID):
        resp.append_header('X-Pair', 'one')
        resp.append_header('X-Pair', 'two')
        resp.append_link('/next', 'next')
        resp.text = str(key)


def sink(req: Request, resp: Response, rest: str):
    resp.text = 'sink %s %s' % (req.method, rest)


application = falcon.App(cors_enable=True)
application.req_options.strip_url_path_trailing_slash = True
things = Things()
application.add_route('/things', things)
application.add_route('/things/{number:int}', things, suffix='one')
application.add_route('/uploads', Uploads())
application.add_route('/streams', Streams())
application.add_route('/file', Files())
application.add_route('/cookies', Cookies())
application.add_route('/cached', Cached())
application.add_route('/told', Told())
application.add_route('/fails', Fails())
application.add_route('/pairs/{key:uuid}', Pairs())
application.add_static_route('/static', ASSETS, downloadable=False)
application.add_sink(sink, r'/sink/(?P<rest>.*)')
