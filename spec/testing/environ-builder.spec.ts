/** `EnvironBuilder`: what it takes, what it refuses, and that two of them share nothing. */
import { expect } from 'chai';
import { createEnviron, EnvironBuilder } from '../../lib/testing/environ-builder.js';

const read = async (builder: EnvironBuilder) => String(await builder.build()['wsgi.input'].read());

describe('EnvironBuilder', () => {
  it('builds the environ of GET / without being told anything', () => {
    const environ = createEnviron();
    expect(environ).to.include({
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '',
      PATH_INFO: '/',
      QUERY_STRING: '',
      SERVER_NAME: 'localhost',
      SERVER_PORT: '80',
      HTTP_HOST: 'localhost',
      REMOTE_ADDR: '127.0.0.1',
      'wsgi.url_scheme': 'http',
    });
    expect(environ).not.to.have.any.keys('CONTENT_TYPE', 'CONTENT_LENGTH');
  });

  it('builds a fresh environ each time, each with the whole body', async () => {
    const builder = new EnvironBuilder('/', { method: 'POST', form: { a: '1' } });
    const environ = builder.build();
    environ.PATH_INFO = '/changed';
    expect(String(await environ['wsgi.input'].read())).to.equal('a=1');
    expect(builder.build().PATH_INFO).to.equal('/');
    expect(await read(builder)).to.equal('a=1');
  });

  it('shares no form, no files and no headers with another builder', async () => {
    const first = new EnvironBuilder('/', { method: 'POST', form: { a: '1' }, headers: { 'X-A': '1' } });
    const second = new EnvironBuilder('/', { method: 'POST' });
    expect(await read(second)).to.equal('');
    expect(second.build()).not.to.have.any.keys('CONTENT_TYPE', 'HTTP_X_A');
    expect(await read(first)).to.equal('a=1');
  });

  it('does not see what a test does to its bytes later', async () => {
    const bytes = Buffer.from('before');
    const builder = new EnvironBuilder('/', { body: bytes });
    bytes.fill('x');
    expect(await read(builder)).to.equal('before');
  });

  it('takes scheme, host, port and mount point from baseUrl', () => {
    const environ = createEnviron('/page', { baseUrl: 'https://[::1]:8443/caf%C3%A9/' });
    expect(environ).to.include({
      'wsgi.url_scheme': 'https',
      SERVER_NAME: '[::1]',
      SERVER_PORT: '8443',
      HTTP_HOST: '[::1]:8443',
      SCRIPT_NAME: '/caf\xc3\xa9',
      PATH_INFO: '/page',
      RAW_URI: '/caf%C3%A9/page',
    });
  });

  it('leaves the port of the scheme out of Host', () => {
    expect(createEnviron('/', { baseUrl: 'https://example.org:443/' })).to.include({
      HTTP_HOST: 'example.org',
      SERVER_PORT: '443',
    });
  });

  it('takes a whole URL, and leaves a fragment out', () => {
    const builder = new EnvironBuilder('https://example.org/a?b#c');
    expect(builder.url).to.equal('https://example.org/a?b');
    expect(builder.build()).to.include({ HTTP_HOST: 'example.org', PATH_INFO: '/a', QUERY_STRING: 'b' });
  });

  it('writes a host of another script as a browser does', () => {
    expect(createEnviron('/', { baseUrl: 'http://bücher.example/' }).HTTP_HOST).to.equal(
      'xn--bcher-kva.example',
    );
  });

  describe('with environBase and environ', () => {
    it('lets environBase replace facts of the connection, and not the request', () => {
      const environBase = {
        REMOTE_ADDR: '203.0.113.7',
        'wsgi.multithread': true,
        'app.config': 1,
        HTTP_HOST: 'other',
        HTTP_X_NEW: 'new',
        PATH_INFO: '/other',
        REQUEST_METHOD: 'DELETE',
        QUERY_STRING: 'other',
      };
      expect(createEnviron('/here', { environBase })).to.include({
        REMOTE_ADDR: '203.0.113.7',
        'wsgi.multithread': true,
        'app.config': 1,
        HTTP_HOST: 'localhost',
        HTTP_X_NEW: 'new',
        PATH_INFO: '/here',
        REQUEST_METHOD: 'GET',
        QUERY_STRING: '',
      });
    });

    it('lets environ replace everything, and take away', () => {
      const environ = createEnviron('/here', {
        method: 'POST',
        text: 'abc',
        environBase: { 'app.config': 1 },
        environ: { PATH_INFO: '/there', CONTENT_LENGTH: '99', HTTP_HOST: undefined, 'app.config': 2 },
      });
      expect(environ).to.include({ PATH_INFO: '/there', CONTENT_LENGTH: '99', 'app.config': 2 });
      expect(environ).not.to.have.property('HTTP_HOST');
    });
  });

  describe('with a form', () => {
    it('takes pairs, URLSearchParams and objects, and leaves out what is nothing', async () => {
      const pairs = [
        ['a', 1],
        ['a', true],
      ] as const;
      expect(await read(new EnvironBuilder('/', { form: pairs }))).to.equal('a=1&a=true');
      expect(await read(new EnvironBuilder('/', { form: new URLSearchParams('x=y') }))).to.equal('x=y');
      expect(await read(new EnvironBuilder('/', { form: { a: null, b: undefined, c: [] } }))).to.equal('');
    });

    it('is multipart with files, its length known', async () => {
      const builder = new EnvironBuilder('/', {
        method: 'POST',
        form: { title: 'Zoë' },
        files: {
          plain: Buffer.from('bytes'),
          named: new File(['in a file'], 'a "b".txt', { type: 'text/plain' }),
          several: [
            { content: 'one' },
            { content: Buffer.from('two'), filename: 'ü.bin', contentType: 'x/y' },
          ],
        },
      });
      const environ = builder.build();
      const body = await environ['wsgi.input'].read();
      expect(environ.CONTENT_LENGTH).to.equal(String(body.length));
      const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(environ.CONTENT_TYPE ?? '')?.[1];
      const file = 'Content-Disposition: form-data; name=';
      expect(body.toString().split(`--${boundary}`)).to.deep.equal([
        '',
        `\r\n${file}"title"\r\n\r\nZoë\r\n`,
        `\r\n${file}"plain"; filename="plain"\r\nContent-Type: application/octet-stream\r\n\r\nbytes\r\n`,
        `\r\n${file}"named"; filename="a %22b%22.txt"\r\nContent-Type: text/plain\r\n\r\nin a file\r\n`,
        `\r\n${file}"several"; filename="several"\r\nContent-Type: application/octet-stream\r\n\r\none\r\n`,
        `\r\n${file}"several"; filename="ü.bin"\r\nContent-Type: x/y\r\n\r\ntwo\r\n`,
        '--\r\n',
      ]);
    });

    it('takes a filename and a type that are undefined for none', async () => {
      const file = { content: 'x', filename: undefined, contentType: undefined };
      const text = await read(new EnvironBuilder('/', { files: { a: file } }));
      expect(text).to.include('filename="a"\r\nContent-Type: application/octet-stream\r\n');
    });

    it('takes FormData', async () => {
      const form = new FormData();
      form.set('a', '1');
      form.set('f', new Blob(['x'], { type: 'text/css' }), 'a.css');
      const text = await read(new EnvironBuilder('/', { form }));
      expect(text)
        .to.match(/name="a"\r\n\r\n1\r\n/)
        .and.match(/filename="a\.css"\r\nContent-Type: text\/css\r\n\r\nx\r\n/);
    });
  });

  describe('refuses', () => {
    const refusals: [what: string, make: () => unknown, message: RegExp][] = [
      ['two bodies', () => createEnviron('/', { json: 1, text: 'a' }), /one body: give one of json, text/],
      ['files beside JSON', () => createEnviron('/', { json: 1, files: {} }), /one body/],
      ['two queries', () => createEnviron('/?a', { query: 'b' }), /path \(\?a\) or in the option query/],
      ['a path without /', () => createEnviron('page'), /A path starts with \//],
      ['a baseUrl that is none', () => createEnviron('/', { baseUrl: 'localhost' }), /baseUrl is http/],
      ['a baseUrl with a query', () => createEnviron('/', { baseUrl: 'http://h/?q' }), /baseUrl is http/],
      ['a method that is none', () => createEnviron('/', { method: 'GE T' }), /not a method of HTTP: "GE T"/],
      [
        'a header with a line end',
        () => createEnviron('/', { headers: { a: 'b\r\nc: d' } }),
        /Invalid character/,
      ],
      [
        'a header name that is none',
        () => createEnviron('/', { headers: { 'a b': '1' } }),
        /valid HTTP token/,
      ],
      ['a character above U+00FF', () => createEnviron('/', { headers: { a: '€' } }), /Invalid character/],
      [
        'a wrong Content-Length',
        () => createEnviron('/', { text: 'a', headers: { 'Content-Length': 2 } }),
        /CONTENT_LENGTH/,
      ],
      [
        'auth beside Authorization',
        () => createEnviron('/', { auth: ['a', 'b'], headers: { authorization: 'x' } }),
        /not both/,
      ],
      [
        'a field that is an object',
        () => createEnviron('/', { form: { a: {} as string } }),
        /the value of a is not text/,
      ],
      ['JSON of nothing', () => createEnviron('/', { json: () => 1 }), /which JSON cannot hold/],
      [
        'an unknown option',
        () => createEnviron('/', { querry: 'a' } as object),
        /no option querry \(did you mean query\?\)/,
      ],
    ];
    const wrong: [path: unknown, options: object, message: RegExp][] = [
      [5, {}, /A path is a string, not 5/],
      ['/', { method: 5 }, /not a method of HTTP: 5/],
      ['/', { headers: 'a: b' }, /headers takes an object, pairs or Headers, not 'a: b'/],
      ['/', { auth: 'a:b' }, /auth is \[username, password\], not 'a:b'/],
      ['/', { httpVersion: 1 }, /httpVersion is '1.1' or '1.0', not 1/],
      ['/', { environ: 'a' }, /environ takes an object of keys, not 'a'/],
      ['/', { environBase: null }, /environBase takes an object of keys, not null/],
      ['/', { body: null }, /body is neither text/],
      ['/', { body: new URLSearchParams() }, /body is a URLSearchParams, which goes with the option form/],
      ['/', { files: { a: null } }, /files: a is neither bytes/],
    ];
    for (const [path, options, message] of wrong) {
      refusals.push([String(message), () => createEnviron(path as string, options), message]);
    }
    for (const [what, make, message] of refusals) {
      it(what, () => expect(make).to.throw(TypeError, message));
    }

    it('a Host that is none as a server does', () => {
      expect(() => createEnviron('/', { headers: { Host: 'a b' } })).to.throw(/Host is not a host/);
    });
  });
});
