/** environ as an application gets it over a real connection: what depends on the server and its options. */
import { expect } from 'chai';
import type { Environ } from '../../../lib/environ/types.js';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { makeServer } from '../../../lib/server/server.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';

/** Serves one request and gives the environ, and the status. */
async function ask(
  text: string,
  {
    host = '127.0.0.1',
    reach = '127.0.0.1',
    ...options
  }: ServerOptions & { host?: string; reach?: string } = {},
) {
  let environ: Environ | undefined;
  const server = await makeServer(
    host,
    0,
    (given, start_response) => {
      environ = given;
      return answer(start_response);
    },
    options,
  );
  try {
    const peer = await Peer.connect(server.serverPort, { host: reach });
    await peer.send(text);
    const { status } = await peer.response();
    const { localPort } = peer.socket;
    return { environ: environ as unknown as Environ, status, port: String(server.serverPort), localPort };
  } finally {
    const closed = server.close();
    // It waits a second for a client that keeps its side open.
    closePeers();
    await closed;
  }
}

describe('environ over HTTP', () => {
  afterEach(closePeers);

  const NAMES: [string, ServerOptions & { host?: string; reach?: string }, string][] = [
    ['the host that was given', { host: 'localhost', reach: 'localhost' }, 'localhost'],
    ['the address that was given', { host: '127.0.0.1' }, '127.0.0.1'],
    ['an IPv6 address in brackets', { host: '::1', reach: '::1' }, '[::1]'],
    ['the address that was reached, on all interfaces', { host: '' }, '127.0.0.1'],
    ['the address that was reached, on all of IPv4', { host: '0.0.0.0' }, '127.0.0.1'],
    ['the address that was reached, in brackets', { host: '', reach: '::1' }, '[::1]'],
    ['the option serverName', { host: '', serverName: 'example.org' }, 'example.org'],
    ['the option serverName, in brackets', { serverName: '2001:db8::1' }, '[2001:db8::1]'],
  ];
  for (const [what, where, name] of NAMES) {
    it(`SERVER_NAME is ${what}`, async () => {
      const { environ, port } = await ask(request(), where);
      expect(environ.SERVER_NAME).to.equal(name);
      expect(environ.SERVER_PORT).to.equal(port);
      expect(environ['HTTP_HOST']).to.equal('a');
    });
  }

  it('has the address and the port of the client, as strings', async () => {
    const { environ, localPort } = await ask(request());
    expect(environ.REMOTE_ADDR).to.equal('127.0.0.1');
    expect(environ.REMOTE_PORT).to.equal(String(localPort));
  });

  it('has the address of an IPv4 client as such on a socket for both', async () => {
    const { environ } = await ask(request(), { host: '' });
    expect(environ.REMOTE_ADDR).to.equal('127.0.0.1');
  });

  it('has what is the same for every request of the event loop', async () => {
    const { environ } = await ask(request());
    expect(environ).to.include({
      'wsgi.url_scheme': 'http',
      'wsgi.multithread': false,
      'wsgi.multiprocess': false,
      'wsgi.run_once': false,
      'node.nonblocking': true,
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_SOFTWARE: 'wsgi',
    });
    expect(environ).to.not.have.any.keys('wsgi.websocket', 'wsgi.websocket_version');
    expect('toString' in environ).to.equal(false);
  });

  it('names the server by the option ident', async () => {
    const { environ } = await ask(request(), { ident: 'mine/1.0' });
    expect(environ.SERVER_SOFTWARE).to.equal('mine/1.0');
  });

  it('gets the keys of the option environ, which replace none of the request', async () => {
    const added = {
      'my.key': { any: 'value' },
      REQUEST_METHOD: 'EVIL',
      'wsgi.input': null,
      HTTP_X: 'default',
    };
    const headers = ['X: sent'];
    const { environ } = await ask(request('/', { headers }), { environ: added });
    expect(environ['my.key']).to.equal(added['my.key']);
    expect(environ).to.include({ REQUEST_METHOD: 'GET', HTTP_X: 'sent' });
    expect(environ['wsgi.input']).to.be.an('object');
    expect((await ask(request(), { environ: added })).environ['HTTP_X']).to.equal('default');
  });

  it('is never the same object twice', async () => {
    const seen = new Set<Environ>();
    const server = await makeServer('127.0.0.1', 0, (environ, start_response) => {
      seen.add(environ);
      for (const key of Object.keys(environ)) Reflect.deleteProperty(environ, key);
      return answer(start_response);
    });
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request().repeat(3));
    await peer.responses(3);
    await server.close();
    expect(seen).to.have.property('size', 3);
  });

  const MOUNTS: [string, string, string | undefined][] = [
    ['/foo', '/foo/fuz', '/fuz'],
    ['/foo', '/foo', ''],
    ['/foo', '/foo/', '/'],
    ['/foo', '/foo?q', ''],
    ['/foo', '/f%6Fo/fuz', '/fuz'],
    ['/foo', '/foobar', undefined],
    ['/foo', '/', undefined],
    ['/foo', '/bar/foo', undefined],
    ['/a b/é', '/a%20b/%C3%A9/x', '/x'],
  ];
  for (const [scriptName, target, path] of MOUNTS) {
    it(`mounted at ${scriptName}, ${target} is ${path === undefined ? 'not found' : JSON.stringify(path)}`, async () => {
      const { environ, status } = await ask(request(target), { scriptName });
      if (path === undefined) {
        expect(status).to.equal(404);
        expect(environ).to.equal(undefined);
      } else {
        const native = Buffer.from(scriptName).toString('latin1');
        expect(environ).to.include({ SCRIPT_NAME: native, PATH_INFO: path, REQUEST_URI: target });
      }
    });
  }

  it('never has HTTP_PROXY, nor a header with an underscore', async () => {
    const headers = ['Proxy: http://evil', 'X_Real: evil', 'X-Real: good', 'Content_Length: 5'];
    const { environ } = await ask(request('/', { headers }));
    expect(environ).to.not.have.any.keys('HTTP_PROXY', 'HTTP_CONTENT_LENGTH', 'CONTENT_LENGTH');
    expect(environ['HTTP_X_REAL']).to.equal('good');
  });
});
