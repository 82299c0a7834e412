/** Cookies between the calls of a `Client`: RFC 6265. */
import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { Application } from '../../lib/environ/types.js';
import { Client } from '../../lib/testing/client.js';
import { defaultPath, parseSetCookie } from '../../lib/testing/cookie.js';
import { parseCookieDate } from '../../lib/util/http-date.js';

/** Sets the cookies of the query, one a field; answers with those that it was sent. */
const app: Application = (environ, start_response) => {
  const set = new URLSearchParams(environ.QUERY_STRING).getAll('set');
  start_response(
    '200 OK',
    set.map((value): [string, string] => ['Set-Cookie', value]),
  );
  return [Buffer.from(environ.HTTP_COOKIE ?? 'none')];
};

const setting = (client: Client, url: string, ...set: string[]) =>
  client.get(url, { query: set.map((value): [string, string] => ['set', value]) });

describe('the cookies of Client', () => {
  it('are sent back, in the order in which they were set', async () => {
    const client = new Client(app);
    expect((await setting(client, '/', 'a=1', 'b=2')).text).to.equal('none');
    expect((await client.get()).text).to.equal('a=1; b=2');
    await setting(client, '/', 'a=3');
    expect((await client.get()).text).to.equal('a=3; b=2');
  });

  it('are not kept where the client is told so', async () => {
    const client = new Client(app, { cookies: false });
    await setting(client, '/', 'a=1');
    expect((await client.get()).text).to.equal('none');
  });

  it('keep their value as it is', async () => {
    const client = new Client(app);
    await setting(client, '/', 'a = "x=y" ', 'b=', 'c=caf%C3%A9');
    expect((await client.get()).text).to.equal('a="x=y"; b=; c=caf%C3%A9');
  });

  it('of a path go to that path and below, the longer path first', async () => {
    const client = new Client(app);
    await setting(
      client,
      '/',
      'root=1',
      'deep=2; Path=/docs/web',
      'docs=3; Path=/docs',
      'end=4; path=/docs/',
    );
    expect((await client.get('/docs/web/x')).text).to.equal('deep=2; end=4; docs=3; root=1');
    expect((await client.get('/docs')).text).to.equal('docs=3; root=1');
    expect((await client.get('/docsish')).text).to.equal('root=1');
    expect((await client.get('/docs/website?/docs/web')).text).to.equal('end=4; docs=3; root=1');
  });

  it('without a path have the folder of the request', async () => {
    const client = new Client(app);
    await setting(client, '/a/b/c', 'x=1', 'y=2; Path=relative');
    expect((await client.get('/a/b/d')).text).to.equal('x=1; y=2');
    expect((await client.get('/a/b')).text).to.equal('x=1; y=2');
    expect((await client.get('/a')).text).to.equal('none');
    expect(['/', '/a', '/a/', '/a/b', 'a', ''].map(defaultPath)).to.deep.equal([
      '/',
      '/',
      '/a',
      '/a',
      '/',
      '/',
    ]);
  });

  it('of a host go to no other host', async () => {
    const client = new Client(app);
    await setting(client, 'http://example.org/', 'a=1');
    expect((await client.get('http://example.org/')).text).to.equal('a=1');
    expect((await client.get('http://www.example.org/')).text).to.equal('none');
    expect((await client.get()).text).to.equal('none');
  });

  it('of a domain go to the hosts below it', async () => {
    const client = new Client(app);
    await setting(client, 'http://www.example.org/', 'a=1; Domain=.Example.org');
    for (const [host, sent] of [
      ['www.example.org', 'a=1'],
      ['example.org', 'a=1'],
      ['x.y.example.org', 'a=1'],
      ['notexample.org', 'none'],
      ['example.com', 'none'],
    ]) {
      expect((await client.get(`http://${host}/`)).text, host).to.equal(sent);
    }
  });

  it('of a domain that is not the host, nor above it, are refused', async () => {
    const client = new Client(app);
    await setting(
      client,
      'http://example.org/',
      'a=1; Domain=other.org',
      'b=2; Domain=www.example.org',
      'c=3; Domain=org',
    );
    await setting(client, 'http://127.0.0.1/', 'd=4; Domain=0.0.1', 'e=5; Domain=127.0.0.1');
    expect([...client.cookies].map(({ name }) => name)).to.deep.equal(['e']);
  });

  it('that are Secure go over https only', async () => {
    const client = new Client(app);
    await setting(client, 'https://localhost/', 'a=1; Secure', 'b=2');
    expect((await client.get('https://localhost/')).text).to.equal('a=1; b=2');
    expect((await client.get('http://localhost/')).text).to.equal('b=2');
  });

  it('end with Max-Age, or else with Expires', async () => {
    const clock = useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ['Date'] });
    try {
      const client = new Client(app);
      await setting(
        client,
        '/',
        'age=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
        'date=2; Expires=Tue, 01 Jan 2030 00:02:00 GMT',
        'odd=3; Max-Age=soon; Expires=never',
      );
      expect((await client.get()).text).to.equal('age=1; date=2; odd=3');
      clock.tick(60_000);
      expect((await client.get()).text).to.equal('date=2; odd=3');
      clock.tick(60_000);
      expect((await client.get()).text).to.equal('odd=3');
      expect(client.cookies.get('age')).to.equal(undefined);
    } finally {
      clock.restore();
    }
  });

  it('are deleted by an application that sets one that is over', async () => {
    const client = new Client(app);
    await setting(client, '/', 'a=1', 'b=2', 'c=3; Path=/c');
    await setting(
      client,
      '/',
      'a=; Max-Age=0',
      'b=; Expires=Thu, 01-Jan-1970 00:00:00 GMT',
      'c=; Max-Age=-1',
    );
    expect([...client.cookies].map(({ name }) => name)).to.deep.equal(['c']);
  });

  it('of one name and several paths are several cookies', async () => {
    const client = new Client(app);
    await setting(client, '/', 'a=1; Path=/', 'a=2; Path=/x');
    expect((await client.get('/x')).text).to.equal('a=2; a=1');
    expect(client.cookies.get('a', { path: '/x' })?.value).to.equal('2');
  });

  it('are ignored where they are malformed', async () => {
    const client = new Client(app);
    await setting(client, '/', 'nothing', '=1', '; Path=/');
    expect([...client.cookies]).to.deep.equal([]);
  });

  it('give way to a Cookie header of the test', async () => {
    const client = new Client(app);
    await setting(client, '/', 'a=1');
    expect((await client.get('/', { headers: { cookie: 'own=2' } })).text).to.equal('own=2');
  });

  it('can be set, looked at and deleted by a test', async () => {
    const client = new Client(app, { baseUrl: 'https://example.org/' });
    client.cookies.set('a', '1');
    client.cookies.set('b', '2', {
      domain: 'example.org',
      path: '/b',
      secure: true,
      httpOnly: true,
      maxAge: 60,
    });
    expect((await client.get('/b')).text).to.equal('b=2; a=1');
    expect(client.cookies.get('a')).to.deep.equal({
      name: 'a',
      value: '1',
      domain: 'example.org',
      hostOnly: true,
      path: '/',
      expires: Number.POSITIVE_INFINITY,
      secure: false,
      httpOnly: false,
      sameSite: undefined,
    });
    expect(client.cookies.delete('a', { path: '/b' })).to.equal(0);
    expect(client.cookies.delete('a')).to.equal(1);
    expect((await client.get('/b')).text).to.equal('b=2');
    client.cookies.clear();
    expect((await client.get('/b')).text).to.equal('none');
  });

  it('of a test may have attributes that are undefined', () => {
    const { cookies } = new Client(app);
    cookies.set('a', '1', { path: undefined, domain: undefined, maxAge: undefined, secure: undefined });
    expect(cookies.get('a')).to.include({ path: '/', hostOnly: true, secure: false });
  });

  it('of a domain are found and deleted by it, with a dot or without', () => {
    const { cookies } = new Client(app, { baseUrl: 'http://www.example.org/' });
    cookies.set('a', '1', { domain: '.Example.org' });
    for (const domain of ['.example.org', 'example.org', 'EXAMPLE.org']) {
      expect(cookies.get('a', { domain })).to.include({ domain: 'example.org' });
    }
    expect(cookies.get('a', { domain: 'www.example.org' })).to.equal(undefined);
    expect(cookies.delete('a', { domain: '.example.org' })).to.equal(1);
  });

  it('of a test have a name and a value that a header can carry', () => {
    const { cookies } = new Client(app);
    expect(() => cookies.set('a b', '1')).to.throw(TypeError, 'not the name of a cookie');
    expect(() => cookies.set('a', '1; Path=/')).to.throw(TypeError, 'encode it');
    expect(() => cookies.set('a', '€')).to.throw(TypeError, 'encode it');
  });

  it('of a test have the attributes that there are', () => {
    const { cookies } = new Client(app);
    expect(() => cookies.set('a', '1', { httponly: true } as object)).to.throw(TypeError, 'mean httpOnly?');
    const expires = '2030-01-01' as unknown as Date;
    expect(() => cookies.set('a', '1', { expires })).to.throw(
      TypeError,
      "expires is a Date, not '2030-01-01'",
    );
  });
});

describe('a Set-Cookie header', () => {
  const scope = { host: 'example.org', path: '/', secure: false };

  it('has attributes in any case, the last of a name counting', () => {
    expect(parseSetCookie('a=1;SECURE;httponly;samesite=Lax;PATH=/x;Path=/y', scope, 0)).to.include({
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
      path: '/y',
    });
  });

  it('has a date in any of the forms that servers write', () => {
    const wanted = Date.UTC(1994, 10, 6, 8, 49, 37);
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
      '6 november 1994 8:49:37',
    ]) {
      expect(parseCookieDate(text), text).to.equal(wanted);
    }
    expect(parseCookieDate('Wed, 01 Jan 70 00:00:00 GMT')).to.equal(0);
    expect(parseCookieDate('Fri, 01 Jan 69 00:00:00 GMT')).to.equal(Date.UTC(2069, 0, 1));
    for (const text of [
      '',
      'soon',
      '31 Feb 2030 00:00:00',
      '1 Jan 1600 00:00:00',
      '1 Jan 2030 24:00:00',
      '1 Jan 2030',
    ]) {
      expect(parseCookieDate(text), text).to.equal(undefined);
    }
  });
});
