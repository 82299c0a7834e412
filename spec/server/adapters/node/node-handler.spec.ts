/** `toNodeHandler` on a bare server, which does to a request what hosts do. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { nativeToText } from '../../../../lib/environ/native-string.js';
import type { Application } from '../../../../lib/environ/types.js';
import { ConfigError } from '../../../../lib/errors.js';
import {
  type NodeHandler,
  type NodeHandlerOptions,
  toNodeHandler,
} from '../../../../lib/server/adapters/node/node-handler.js';
import { answer, paths, show, shown } from '../../../support/answer.js';
import { closePeers, Peer, request } from '../../../support/peer.js';
import { captureLog, closeServers, host } from '../../../support/serve.js';
import { gate, until } from '../../../support/until.js';
import { closeClients, WebSocketClient } from '../../../support/web-socket-client.js';

type Host = (message: IncomingMessage & Record<string, unknown>, response: ServerResponse) => unknown;

/** A host that does something with each request, and hands it on. */
function behind(work: Host, handler: NodeHandler) {
  return async (message: IncomingMessage, response: ServerResponse) => {
    await work(message as Parameters<Host>[0], response);
    handler(message, response, () => response.destroy());
  };
}

/** A host that mounts as Express does (`base`), or as Connect (no `base`). */
function mounted(handler: NodeHandler, url: string, base?: string) {
  return behind((message) => {
    message['originalUrl'] = message.url;
    if (base !== undefined) message['baseUrl'] = base;
    message.url = url;
  }, handler);
}

const fixed =
  (headers: [string, string][], status = '200 OK'): Application =>
  (_environ, start_response) => {
    start_response(status, headers);
    return [Buffer.from('body')];
  };

describe('toNodeHandler', () => {
  afterEach(async () => {
    closeClients();
    closePeers();
    await closeServers();
  });

  describe('where it is mounted', () => {
    const MOUNTS: [sent: string, left: string, base: string | undefined, path: string, query: string][] = [
      ['/app/x?y=1', '/x?y=1', '/app', '/app | /x', 'y=1'],
      ['/app', '/', '/app', '/app | ', ''],
      ['/app?y', '/?y', '/app', '/app | ', 'y'],
      ['/app/', '/', '/app', '/app | /', ''],
      ['/a%20b/c%2Fd', '/c%2Fd', '/a%20b', '/a b | /c/d', ''],
      ['/app/x', '/x', undefined, '/app | /x', ''],
      ['/app', '/', undefined, '/app | ', ''],
      ['/app/', '/', undefined, '/app | /', ''],
      ['/old', '/new', '', ' | /new', ''],
      ['/app/old', '/new', '/app', '/app | /new', ''],
      ['/old', '/new', undefined, ' | /new', ''],
      ['/caf%C3%A9/%E6%97%A5?%C3%A9', '/日?é', '/café', '/cafÃ© | /æ\x97¥', 'Ã©'],
      ['/caf%C3%A9', '/', '/café', '/cafÃ© | ', ''],
      ['/app/caf%C3%A9?q', '/café?q', undefined, '/app | /cafÃ©', 'q'],
      ['/app/a%20b', '/a b', undefined, '/app | /a b', ''],
      ['/a%20b/c%2Fd', '/c/d', undefined, '/a b | /c/d', ''],
      ['/app/%7Ex%2Fy', '/~x%2Fy', undefined, '/app | /~x/y', ''],
      ['/app/100%2541', '/100%41', undefined, '/app | /100%41', ''],
      ['/app/100%2541', '/100%41', '/app', '/app | /100%41', ''],
      ['/caf%C3%A9/100%2541', '/100%41', '/café', '/cafÃ© | /100%41', ''],
      ['/app/100%41', '/new%41', '/app', '/app | /newA', ''],
    ];
    for (const [sent, left, base, path, query] of MOUNTS) {
      const as = base === undefined ? 'Connect' : 'Express';
      it(`tells ${sent} apart when ${as} leaves ${left}`, async () => {
        const { url } = await host(mounted(toNodeHandler(show), left, base));
        const seen = await shown(url + sent);
        expect(paths(seen)).to.equal(path);
        expect([seen.QUERY_STRING, seen.REQUEST_URI, seen['RAW_URI']]).to.deep.equal([query, sent, sent]);
      });
    }

    it('takes an absolute target apart', async () => {
      const { port } = await host(mounted(toNodeHandler(show), 'http://example.org/x', '/app'));
      const peer = await Peer.connect(port);
      await peer.send('GET http://example.org/app/x HTTP/1.1\r\nHost: other\r\n\r\n');
      const seen = JSON.parse(String((await peer.response()).body));
      expect(paths(seen)).to.equal('/app | /x');
      expect([seen.HTTP_HOST, seen.REQUEST_URI]).to.deep.equal(['example.org', 'http://example.org/app/x']);
    });

    it('is where the option scriptName says, whatever the host', async () => {
      const handler = toNodeHandler(show, { scriptName: '/outer' });
      const { url } = await host(mounted(handler, '/x', '/outer/inner'));
      expect(paths(await shown(`${url}/outer/inner/x`))).to.equal('/outer | /inner/x');
      const bare = await host(handler);
      expect(paths(await shown(`${bare.url}/outer/y`))).to.equal('/outer | /y');
      expect((await fetch(`${bare.url}/elsewhere`)).status).to.equal(404);
    });
  });

  describe('the headers of a request', () => {
    const sent = ['X-User: mallory', 'X-Twice: 1', 'x-twice: 2', 'X-Gone: 1', 'X-GONE: 2', 'User-Agent: a'];

    async function seenBehind(work: Host): Promise<Record<string, unknown>> {
      const { port } = await host(behind(work, toNodeHandler(show)));
      const peer = await Peer.connect(port);
      await peer.send(request('/', { headers: sent }));
      const seen = JSON.parse(String((await peer.response()).body)) as Record<string, unknown>;
      const ours = Object.entries(seen).filter(([key]) => key.startsWith('HTTP_') && key !== 'HTTP_HOST');
      return Object.fromEntries(ours);
    }

    it('are those that the client sent', async () => {
      expect(await seenBehind(() => undefined)).to.deep.equal({
        HTTP_X_USER: 'mallory',
        HTTP_X_TWICE: '1,2',
        HTTP_X_GONE: '1,2',
        HTTP_USER_AGENT: 'a',
      });
    });

    it('are as middleware of the host left them', async () => {
      const seen = await seenBehind(({ headers }) => {
        headers['x-user'] = 'alice';
        headers['x-request-id'] = '42';
        delete headers['x-gone'];
        delete headers['user-agent'];
      });
      expect(seen).to.deep.equal({ HTTP_X_USER: 'alice', HTTP_X_TWICE: '1,2', HTTP_X_REQUEST_ID: '42' });
    });

    it('are native strings, also where a host put text', async () => {
      const seen = await seenBehind(({ headers }) => {
        headers['x-user'] = 'Ада';
      });
      expect(nativeToText(seen['HTTP_X_USER'] as string)).to.equal('Ада');
    });

    it('are there where an adapter made the request, and no list of what was sent', async () => {
      const seen = await seenBehind((message) => {
        message.rawHeaders = [];
        message.headers = { host: 'example.org', 'x-user': 'bob', 'set-cookie': ['a', 'b'] };
      });
      expect(seen).to.deep.equal({ HTTP_X_USER: 'bob', HTTP_SET_COOKIE: 'a,b' });
    });
  });

  describe('a response that the host has begun', () => {
    it('keeps headers of the host, but for those that the application sets', async () => {
      const set: Host = (_message, response) => {
        response.setHeader('X-Host', 'host');
        response.setHeader('X-Both', 'host');
        response.setHeader('Set-Cookie', ['a=1', 'b=2']);
        response.setHeader('Vary', 'Origin');
        response.setHeader('Content-Length', '99');
      };
      const app = fixed([
        ['x-both', 'app'],
        ['Set-Cookie', 'c=3'],
        ['Set-Cookie', 'd=4'],
        ['Vary', 'Accept'],
      ]);
      const { url } = await host(behind(set, toNodeHandler(app)));
      const response = await fetch(url);
      const { headers } = response;
      expect(headers.getSetCookie()).to.deep.equal(['a=1', 'b=2', 'c=3', 'd=4']);
      expect(['x-host', 'x-both', 'vary'].map((name) => headers.get(name))).to.deep.equal([
        'host',
        'app',
        'Origin, Accept',
      ]);
      expect(await response.text()).to.equal('body');
    });

    it('is left alone once its head is sent', async () => {
      let calls = 0;
      const app: Application = (_environ, start_response) => {
        calls++;
        return answer(start_response);
      };
      const { url } = await host(behind((_message, response) => response.end('host'), toNodeHandler(app)));
      expect(await (await fetch(url)).text()).to.equal('host');
      expect(calls).to.equal(0);
    });

    it('has each block pushed through middleware that holds the stream', async () => {
      let flushes = 0;
      const compress: Host = (_message, response) => {
        Object.assign(response, { flush: () => flushes++ });
      };
      const app: Application = (_environ, start_response) => {
        start_response('200 OK', []);
        return [Buffer.from('a'), Buffer.from('b')];
      };
      const { url } = await host(behind(compress, toNodeHandler(app)));
      expect(await (await fetch(url)).text()).to.equal('ab');
      expect(flushes).to.equal(2);
    });
  });

  it('answers an error with 500, logs it, and does not call next', async () => {
    let next = 0;
    const handler = toNodeHandler(() => {
      throw new Error('mine');
    });
    const log = await captureLog(async () => {
      const { url } = await host((message, response) => handler(message, response, () => next++));
      expect((await fetch(url)).status).to.equal(500);
    });
    expect(log).to.include('Error: mine');
    expect(next).to.equal(0);
  });

  it('is waited for by hosts that take a listener of two parameters for done when it returns', async () => {
    const application: Application = async (_environ, start_response) => {
      await setImmediate();
      start_response('200 OK', []);
      return [Buffer.from('body')];
    };
    const handler = toNodeHandler(application);
    const { url } = await host((message, response) => {
      handler(message, response);
      // h3, Nitro and koa-connect.
      if (handler.length < 3) response.end();
    });
    expect(await (await fetch(url)).text()).to.equal('body');
  });

  it('does not call the application for a client that left while the host had the request', async () => {
    let calls = 0;
    const arrived = gate<ServerResponse>();
    const handled = gate();
    const handler = toNodeHandler((_environ, start_response) => {
      calls++;
      return answer(start_response);
    });
    const { port } = await host(async (message, response) => {
      arrived.open(response);
      await once(response, 'close');
      handler(message, response);
      handled.open();
    });
    const peer = await Peer.connect(port);
    await peer.send(request());
    await arrived.promise;
    peer.socket.destroy();
    await handled.promise;
    expect(calls).to.equal(0);
  });

  it('cuts off a response that waits behind one of the host', async () => {
    const slow = gate<ServerResponse>();
    const handler = toNodeHandler((_environ, start_response) => {
      start_response('200 OK', []);
      return (function* () {
        yield Buffer.from('part');
        throw new Error('mine');
      })();
    });
    await captureLog(async () => {
      const { port } = await host((message, response) => {
        if (message.url === '/slow') slow.open(response);
        else handler(message, response);
      });
      const peer = await Peer.connect(port);
      await peer.send(request('/slow') + request('/cut'));
      const response = await slow.promise;
      await new Promise((resolve) => setTimeout(resolve, 50));
      response.end('slow');
      await peer.closed();
      expect(peer.text)
        .to.include('slow')
        .and.to.match(/4\r\npart\r\n$/);
    });
  });

  it('answers 505 to HTTP/2', async () => {
    const handler = toNodeHandler(show) as unknown as Parameters<typeof createHttp2Server>[1];
    const server = createHttp2Server({}, handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const log = await captureLog(async () => {
      const stream = session.request({ ':path': '/' });
      const [headers] = await once(stream, 'response');
      expect(headers[':status']).to.equal(505);
      expect(await text(stream)).to.equal('');
    });
    expect(log).to.include('HTTP/2');
    session.close();
    server.close();
  });

  describe('options', () => {
    it('are those of the gateway', async () => {
      const handler = toNodeHandler(show, {
        ident: 'mine',
        serverName: 'example.org',
        environ: { 'x.text': 'given' },
        limitRequestFields: 10,
      });
      const { url } = await host(handler);
      const response = await fetch(url);
      expect(response.headers.get('server')).to.equal('mine');
      expect(await response.json()).to.include({ SERVER_NAME: 'example.org', 'x.text': 'given' });
      const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`x-${i}`, 'y']));
      expect((await fetch(url, { headers: many })).status).to.equal(431);
    });

    it('name the proxies that are believed, for requests and WebSockets', async () => {
      const headers = { 'X-Forwarded-For': '192.0.2.9', 'X-Forwarded-Proto': 'https' };
      const plain = await host(toNodeHandler(show));
      expect(await shown(plain.url, { headers })).to.include({
        REMOTE_ADDR: '127.0.0.1',
        'wsgi.url_scheme': 'http',
      });
      const handler = toNodeHandler(
        async (environ, start_response) => {
          const { REMOTE_ADDR } = environ;
          const websocket = environ['wsgi.websocket'];
          if (websocket === undefined) return show(environ, start_response);
          await websocket.send(`${REMOTE_ADDR} ${environ['wsgi.url_scheme']}`);
          return [];
        },
        { forwardedAllowIps: ['127.0.0.1'] },
      );
      const { server, url, port } = await host(handler);
      server.on('upgrade', handler.upgrade);
      expect(await shown(url, { headers })).to.include({
        REMOTE_ADDR: '192.0.2.9',
        'wsgi.url_scheme': 'https',
      });
      const client = await WebSocketClient.connect(port, { headers });
      expect(await client.next()).to.equal('192.0.2.9 https');
    });

    it('name no server by default, for it is not ours', async () => {
      const { url } = await host(toNodeHandler(show));
      expect((await fetch(url)).headers.has('server')).to.equal(false);
    });

    it('that are unknown, the server’s or wrong are refused', () => {
      const make = (options: object) => () => toNodeHandler(show, options as NodeHandlerOptions);
      expect(make({ scriptname: '/a' })).to.throw(ConfigError, 'There is no option scriptname');
      expect(make({ port: 80 })).to.throw(ConfigError, 'toNodeHandler has no option port');
      expect(make({ scriptName: 'a' })).to.throw(ConfigError, 'scriptName');
      expect(() => toNodeHandler({} as Application)).to.throw(ConfigError, 'not object');
    });
  });

  it('closes connections behind their responses once it is closed', async () => {
    const handler = toNodeHandler(show);
    const { url } = await host(handler);
    expect((await fetch(url)).headers.get('connection')).to.equal('keep-alive');
    handler.close();
    expect((await fetch(url)).headers.get('connection')).to.equal('close');
  });

  it('fires node.abort_signal and closes the iterable when the client leaves', async () => {
    const aborted = gate();
    let closed = 0;
    const app: Application = (environ, start_response) => {
      environ['node.abort_signal'].addEventListener('abort', () => aborted.open());
      start_response('200 OK', []);
      return Object.assign(
        (async function* () {
          for (;;) {
            yield Buffer.alloc(1000);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        })(),
        { close: () => closed++ },
      );
    };
    const { port } = await host(toNodeHandler(app));
    const peer = await Peer.connect(port);
    await peer.send(request());
    await peer.got('200 OK');
    peer.socket.destroy();
    await aborted.promise;
    await until(() => closed > 0);
    expect(closed).to.equal(1);
  });
});
