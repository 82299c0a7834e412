/** Redirects that `Client` follows. */
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { Client, type ClientOptions } from '../../lib/testing/client.js';
import { RedirectError } from '../../lib/testing/redirect.js';

/** `/STATUS?LOCATION` redirects; anything else tells of its request. */
const app: Application = async (environ, start_response) => {
  const status = /^\/(30\d)$/.exec(environ.PATH_INFO)?.[1];
  if (status !== undefined) {
    start_response(`${status} Elsewhere`, [['Location', decodeURIComponent(environ.QUERY_STRING)]]);
    return [Buffer.from('go on')];
  }
  const { REQUEST_METHOD, SCRIPT_NAME, PATH_INFO, QUERY_STRING, CONTENT_TYPE, HTTP_HOST } = environ;
  const body = String(await environ['wsgi.input'].read());
  const told = {
    REQUEST_METHOD,
    SCRIPT_NAME,
    PATH_INFO,
    QUERY_STRING,
    CONTENT_TYPE,
    HTTP_HOST,
    body,
    auth: environ.HTTP_AUTHORIZATION,
  };
  start_response('200 OK', []);
  return [Buffer.from(JSON.stringify(told))];
};

const following = (options: ClientOptions = {}) => new Client(app, { followRedirects: true, ...options });
const to = (status: number, location: string) => `/${status}?${encodeURIComponent(location)}`;

async function errorOf(promise: Promise<unknown>): Promise<RedirectError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  expect(error).to.be.instanceOf(RedirectError);
  return error as RedirectError;
}

describe('a redirect', () => {
  it('is a response like any other unless it is to be followed', async () => {
    const response = await new Client(app).get(to(302, '/there'));
    expect([response.statusCode, response.header('location'), response.text]).to.deep.equal([
      302,
      '/there',
      'go on',
    ]);
  });

  it('is followed, and remembered in the history', async () => {
    const response = await new Client(app).get(to(302, to(301, '/there?x=1')), { followRedirects: true });
    expect(response.json).to.include({ PATH_INFO: '/there', QUERY_STRING: 'x=1' });
    expect(response.history.map(({ statusCode, complete }) => [statusCode, complete])).to.deep.equal([
      [302, true],
      [301, true],
    ]);
    expect(response.request?.url).to.equal('http://localhost/there?x=1');
    expect(response.history[0]?.request?.url).to.equal(
      'http://localhost/302?%2F301%3F%252Fthere%253Fx%253D1',
    );
  });

  it('may be relative, and have a fragment', async () => {
    expect((await following().get(to(302, '../x/./y#part'))).json).to.include({ PATH_INFO: '/x/y' });
    expect((await following().get(to(302, '?q'))).json).to.include({ PATH_INFO: '/q', QUERY_STRING: '' });
  });

  it('may name its place in UTF-8', async () => {
    const redirecting: Application = (environ, start_response) => {
      if (environ.PATH_INFO !== '/') return app(environ, start_response);
      start_response('302 Found', [['Location', Buffer.from('/café').toString('latin1')]]);
      return [];
    };
    const response = await new Client(redirecting).get('/', { followRedirects: true });
    expect(response.json).to.include({ PATH_INFO: '/caf\xc3\xa9' });
  });

  for (const [status, sent, next] of [
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'DELETE', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'HEAD', 'HEAD'],
  ] as const) {
    it(`with ${status} turns ${sent} into ${next}, without a body`, async () => {
      const asked: string[] = [];
      const noting: Application = (environ, start_response) => {
        asked.push(`${environ.REQUEST_METHOD} ${environ.CONTENT_TYPE} ${environ.CONTENT_LENGTH}`);
        return app(environ, start_response);
      };
      const client = new Client(noting, { followRedirects: true });
      const body = sent === 'HEAD' ? {} : { form: { a: 1 }, headers: { 'Content-Language': 'de' } };
      await client.open(to(status, '/there'), { method: sent, ...body });
      expect(asked[1]).to.equal(`${next} undefined undefined`);
    });
  }

  for (const [status, method] of [
    [307, 'POST'],
    [308, 'PUT'],
    [301, 'PUT'],
    [302, 'PATCH'],
  ] as const) {
    it(`with ${status} repeats ${method} with its body`, async () => {
      const response = await following().open(to(status, '/there'), { method, form: { a: 1 } });
      expect(response.json).to.include({
        REQUEST_METHOD: method,
        body: 'a=1',
        CONTENT_TYPE: 'application/x-www-form-urlencoded',
      });
    });
  }

  it('with 307 repeats files, and says so where a body is gone', async () => {
    const response = await following().post(to(307, '/there'), { files: { f: new Blob(['abc']) } });
    expect((response.json as { body: string }).body).to.include('\r\n\r\nabc\r\n');
    function* once() {
      yield Buffer.from('abc');
    }
    const error = await errorOf(following().post(to(307, '/there'), { body: once() }));
    expect(error.message).to.include('asks for the body again');
    expect((await following().post(to(303, '/there'), { body: once() })).json).to.include({ body: '' });
  });

  it('keeps headers, authentication and environ, but for what the request was', async () => {
    const seen: unknown[] = [];
    const noting: Application = (environ, start_response) => {
      seen.push([environ.HTTP_X_A, environ.HTTP_AUTHORIZATION, environ['my.key'], environ.CONTENT_LENGTH]);
      return app(environ, start_response);
    };
    await new Client(noting, { followRedirects: true }).post(to(303, '/there'), {
      headers: { 'X-A': '1', Host: 'localhost' },
      auth: ['a', 'b'],
      environ: { 'my.key': 1, CONTENT_LENGTH: '9' },
      text: 'abc',
    });
    expect(seen).to.deep.equal([
      ['1', 'Basic YTpi', 1, '9'],
      ['1', 'Basic YTpi', 1, undefined],
    ]);
  });

  it('carries the cookies that it sets', async () => {
    const login: Application = (environ, start_response) => {
      if (environ.PATH_INFO === '/login') {
        start_response('303 See Other', [
          ['Location', '/'],
          ['Set-Cookie', 'id=7'],
        ]);
        return [];
      }
      start_response('200 OK', []);
      return [Buffer.from(environ.HTTP_COOKIE ?? 'none')];
    };
    expect((await new Client(login).post('/login', { followRedirects: true })).text).to.equal('id=7');
  });

  it('may lead to where it came from, as long as it ends', async () => {
    const visits: Application = (environ, start_response) => {
      const count = Number(/n=(\d)/.exec(environ.HTTP_COOKIE ?? '')?.[1] ?? 0) + 1;
      if (count < 4)
        start_response('302 Found', [
          ['Location', '/'],
          ['Set-Cookie', `n=${count}`],
        ]);
      else start_response('200 OK', []);
      return [Buffer.from(`${count}`)];
    };
    const response = await new Client(visits).get('/', { followRedirects: true });
    expect([response.text, response.history.length]).to.deep.equal(['4', 3]);
  });

  it('without end is an error', async () => {
    const error = await errorOf(
      new Client(
        (_environ, start_response) => {
          start_response('302 Found', [['Location', '/']]);
          return [];
        },
        { followRedirects: true },
      ).get(),
    );
    expect(error.message).to.equal('/ was redirected more than 20 times');
    expect(error).to.include({ code: 'WSGI_ERR_TESTING_REDIRECT' });
  });

  for (const [what, location] of [
    ['another host', 'http://example.org/'],
    ['a host without a scheme', '//example.org/x'],
    ['another port', 'http://localhost:8080/'],
    ['a subdomain', 'http://www.localhost/'],
    ['another kind of URL', 'mailto:a@b.example'],
  ] as const) {
    it(`to ${what} is an error that names both`, async () => {
      const error = await errorOf(following().get(to(302, location)));
      expect(error.message).to.match(
        /^http:\/\/localhost\/302\?.* redirects to .*, which is not the application under test/,
      );
      expect(error.response.statusCode).to.equal(302);
    });
  }

  it('to no URL at all is an error', async () => {
    const error = await errorOf(following().get(to(302, 'http://')));
    expect(error.message).to.equal('The Location of a redirect is not a URL: "http://"');
  });

  it('to a subdomain, or from http to https, stays with the application', async () => {
    const client = following({ subdomainRedirects: true });
    expect((await client.get(to(302, 'http://www.localhost/x'))).json).to.include({
      HTTP_HOST: 'www.localhost',
    });
    expect((await following().get(to(302, 'https://localhost/x'))).request?.url).to.equal(
      'https://localhost/x',
    );
  });

  it('stays within the mount point', async () => {
    const client = following({ baseUrl: 'http://localhost/app' });
    expect((await client.get(to(302, '/app/there'))).json).to.include({
      SCRIPT_NAME: '/app',
      PATH_INFO: '/there',
    });
    const error = await errorOf(client.get(to(302, '/there')));
    expect(error.message).to.match(/outside of where the application is mounted \(\/app\/\)$/);
  });

  it('has its body read and closed, streamed or not', async () => {
    let closed = 0;
    const closing: Application = (environ, start_response) => {
      if (environ.PATH_INFO !== '/') return app(environ, start_response);
      start_response('302 Found', [['Location', '/there']]);
      return Object.assign([Buffer.from('a'), Buffer.from('b')], { close: () => closed++ });
    };
    const response = await new Client(closing).get('/', { followRedirects: true, stream: true });
    expect([closed, response.history[0]?.text]).to.deep.equal([1, 'ab']);
    await response.finished();
  });
});
