/** lib/environ/environ.ts: PEP 3333 "environ Variables". */
import { expect } from 'chai';
import { buildEnviron } from '../../lib/environ/environ.js';
import { fileWrapper } from '../../lib/environ/file/file-wrapper.js';
import { BodyInput } from '../../lib/environ/input/input.js';
import { RequestError } from '../../lib/errors.js';
import { build, CONNECTION, GATEWAY, HOST, head, refusal } from './heads.js';

describe('environ', () => {
  it('has each key that PEP 3333 wants, and those of our own', () => {
    const input = new BodyInput();
    const environ = buildEnviron(head('GET /a?b HTTP/1.1', HOST), CONNECTION, GATEWAY, { input });
    expect({ ...environ }).to.deep.equal({
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '',
      PATH_INFO: '/a',
      QUERY_STRING: 'b',
      SERVER_NAME: 'server.example',
      SERVER_PORT: '8000',
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_SOFTWARE: 'wsgi/test',
      GATEWAY_INTERFACE: 'CGI/1.1',
      REMOTE_ADDR: '192.0.2.1',
      REMOTE_PORT: '40000',
      REQUEST_URI: '/a?b',
      RAW_URI: '/a?b',
      HTTP_HOST: 'h.example',
      'wsgi.version': [1, 0],
      'wsgi.url_scheme': 'http',
      'wsgi.input': input,
      'wsgi.errors': GATEWAY.errors,
      'wsgi.multithread': false,
      'wsgi.multiprocess': false,
      'wsgi.run_once': false,
      'wsgi.input_terminated': true,
      'wsgi.file_wrapper': fileWrapper,
      'node.nonblocking': true,
    });
  });

  it('says of the gateway what the gateway says', () => {
    const facts = { multithread: true, multiprocess: true, runOnce: true, nonblocking: false };
    const environ = build('GET / HTTP/1.1', HOST, { scheme: 'https', serverPort: '443' }, facts);
    expect(environ['wsgi.multithread']).to.equal(true);
    expect(environ['wsgi.multiprocess']).to.equal(true);
    expect(environ['wsgi.run_once']).to.equal(true);
    expect(environ['node.nonblocking']).to.equal(false);
    expect(environ['wsgi.url_scheme']).to.equal('https');
    expect(environ.SERVER_PORT).to.equal('443');
  });

  it('has no REMOTE_PORT, and an empty REMOTE_ADDR, on a Unix socket', () => {
    const environ = build('GET / HTTP/1.1', HOST, { remoteAddr: '', remotePort: undefined });
    expect(environ.REMOTE_ADDR).to.equal('');
    expect('REMOTE_PORT' in environ).to.equal(false);
  });

  it('has an IPv6 address without brackets, and keeps them in HTTP_HOST', () => {
    const environ = build('GET / HTTP/1.1', [['Host', '[::1]:8000']], {
      remoteAddr: '::1',
      serverName: '::1',
    });
    expect(environ.REMOTE_ADDR).to.equal('::1');
    expect(environ['HTTP_HOST']).to.equal('[::1]:8000');
  });

  describe('is a dict', () => {
    const environ = build('GET /a HTTP/1.1');

    it('that inherits nothing', () => {
      for (const name of ['toString', 'constructor', 'hasOwnProperty', '__proto__', 'valueOf']) {
        expect(name in environ, name).to.equal(false);
        expect(Reflect.get(environ, name), name).to.equal(undefined);
      }
      const prototype = Object.getPrototypeOf(environ);
      expect(Reflect.ownKeys(prototype)).to.deep.equal([]);
      expect(Object.getPrototypeOf(prototype)).to.equal(null);
    });

    it('whose keys are its own, enumerable, writable and deletable', () => {
      for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(environ))) {
        expect(property, key).to.include({ enumerable: true, writable: true, configurable: true });
      }
      const keys: string[] = [];
      for (const key in environ) keys.push(key);
      expect(keys).to.deep.equal(Object.keys(environ));
      expect(Reflect.ownKeys(environ)).to.deep.equal(keys);
    });

    it('that can be changed and emptied', () => {
      const changed = build('GET /a HTTP/1.1');
      changed['my.key'] = 1;
      expect('my.key' in changed).to.equal(true);
      Object.assign(changed, JSON.parse('{"__proto__": "a key like any other"}'));
      expect(Object.keys(changed)).to.include('__proto__');
      for (const key of Object.keys(changed)) Reflect.deleteProperty(changed, key);
      expect(Object.keys(changed)).to.deep.equal([]);
      expect('PATH_INFO' in changed).to.equal(false);
    });

    it('that can be copied, cloned and written as JSON', () => {
      const copy = { ...environ };
      expect(copy.PATH_INFO).to.equal('/a');
      expect(Object.keys(copy)).to.deep.equal(Object.keys(environ));
      const plain = Object.fromEntries(
        Object.entries(environ).filter(([, value]) => typeof value === 'string'),
      );
      expect(structuredClone(plain)).to.deep.equal(plain);
      expect(JSON.parse(JSON.stringify(environ))).to.include({ PATH_INFO: '/a', 'wsgi.run_once': false });
      expect(JSON.parse(JSON.stringify(environ))['wsgi.version']).to.deep.equal([1, 0]);
    });

    it('that is fresh for each request', () => {
      const other = build('GET /a HTTP/1.1');
      expect(other).not.to.equal(environ);
      other.PATH_INFO = '/changed';
      expect(environ.PATH_INFO).to.equal('/a');
    });

    it('whose CGI values are native strings', () => {
      for (const [key, value] of Object.entries(
        build('GET /%E3%81%82 HTTP/1.1', [...HOST, ['X-C', '\xe9']]),
      )) {
        if (key.includes('.')) continue;
        expect(value, key).to.be.a('string');
        expect(value as string, key).to.match(/^[\0-\xff]*$/);
      }
    });
  });

  describe('REQUEST_METHOD', () => {
    for (const method of ['HEAD', 'OPTIONS', 'M-SEARCH', 'get']) {
      it(`is ${method} as sent`, () => expect(build(`${method} / HTTP/1.1`).REQUEST_METHOD).to.equal(method));
    }
  });

  describe('SERVER_PROTOCOL', () => {
    it('is that of the request', () => {
      expect(build('GET / HTTP/1.1').SERVER_PROTOCOL).to.equal('HTTP/1.1');
      expect(build('GET / HTTP/1.0').SERVER_PROTOCOL).to.equal('HTTP/1.0');
    });

    for (const version of ['HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/3.0']) {
      it(`is not ${version}: 505`, () => expect(refusal(`GET / ${version}`).status).to.equal(505));
    }
  });

  describe('PATH_INFO and QUERY_STRING', () => {
    for (const [target, path, query] of [
      ['/p%61th/?query=test', '/path/', 'query=test'],
      ['/\x80%80', '/\x80\x80', ''],
      [
        '/echo/%2Fa%2525%20b+c%E3%81%82/../x//y/.;p?q=%2F#frag',
        '/echo//a%25 b+c\xe3\x81\x82/../x//y/.;p',
        'q=%2F',
      ],
      ['/%2c', '/,', ''],
      ['/%252c', '/%2c', ''],
      ['/%zz%4', '/%zz%4', ''],
      ['//foo///bar', '//foo///bar', ''],
      ['/p?', '/p', ''],
      ['/p?a?b', '/p', 'a?b'],
      ['/%3Fa?b', '/?a', 'b'],
    ] as const) {
      it(`of ${JSON.stringify(target)} are ${JSON.stringify(path)} and ${JSON.stringify(query)}`, () => {
        const environ = build(`GET ${target} HTTP/1.1`);
        expect(environ.PATH_INFO).to.equal(path);
        expect(environ.QUERY_STRING).to.equal(query);
        expect(environ.REQUEST_URI).to.equal(target);
        expect(environ.RAW_URI).to.equal(target);
      });
    }

    it('come out of a target in absolute form, and HTTP_HOST too', () => {
      const environ = build('GET http://other:81/env?x=1 HTTP/1.1', [['Host', 'h']]);
      expect(environ).to.include({ PATH_INFO: '/env', QUERY_STRING: 'x=1', HTTP_HOST: 'other:81' });
      expect(environ.REQUEST_URI).to.equal('http://other:81/env?x=1');
    });

    it('of OPTIONS * are * and empty', () => {
      const environ = build('OPTIONS * HTTP/1.1');
      expect(environ).to.include({ PATH_INFO: '*', QUERY_STRING: '', REQUEST_URI: '*' });
      expect(refusal('GET * HTTP/1.1').status).to.equal(400);
    });

    it('are refused with 421 in a target of the other scheme', () => {
      expect(refusal('GET https://h/ HTTP/1.1').status).to.equal(421);
    });
  });

  describe('SCRIPT_NAME', () => {
    const mounted = (target: string, scriptName = '/foo') =>
      build(`GET ${target} HTTP/1.1`, HOST, {}, { scriptName });

    it('is the mount point, and PATH_INFO the rest', () => {
      expect(mounted('/foo/fuz')).to.include({ SCRIPT_NAME: '/foo', PATH_INFO: '/fuz' });
      expect(mounted('/foo')).to.include({ SCRIPT_NAME: '/foo', PATH_INFO: '' });
      expect(mounted('/foo/')).to.include({ SCRIPT_NAME: '/foo', PATH_INFO: '/' });
      expect(mounted('/%66oo//x')).to.include({ SCRIPT_NAME: '/foo', PATH_INFO: '//x' });
      expect(mounted('/foo/fuz').REQUEST_URI).to.equal('/foo/fuz');
      expect(mounted('/caf%C3%A9/x', '/caf\xc3\xa9')).to.include({
        SCRIPT_NAME: '/caf\xc3\xa9',
        PATH_INFO: '/x',
      });
    });

    for (const target of ['/bar', '/', '/foobar', '/FOO/x']) {
      it(`is refused with 404 for ${target}, which lies outside`, () => {
        expect(() => mounted(target))
          .to.throw(RequestError)
          .with.property('status', 404);
      });
    }

    it('lets OPTIONS * pass', () => {
      expect(build('OPTIONS * HTTP/1.1', HOST, {}, { scriptName: '/foo' }).PATH_INFO).to.equal('*');
    });
  });

  describe('keys that the deployer adds', () => {
    it('are there, and replace none of the request', () => {
      const baseEnviron = {
        'my.key': 1,
        DOCUMENT_ROOT: '/srv',
        PATH_INFO: '/no',
        HTTP_X: 'no',
        HTTP_Y: 'base',
      };
      const environ = build('GET /yes HTTP/1.1', [...HOST, ['X', 'yes']], {}, { baseEnviron });
      expect(environ).to.include({
        'my.key': 1,
        DOCUMENT_ROOT: '/srv',
        PATH_INFO: '/yes',
        HTTP_X: 'yes',
        HTTP_Y: 'base',
      });
    });
  });
});
