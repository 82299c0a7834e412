/** Our applications inside the real Express, Fastify, Koa and Hono. */
import { createServer, type Server } from 'node:http';
import { serve as serveFetch } from '@hono/node-server';
import { expect } from 'chai';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import type { Application, Environ, StartResponse } from '../../../lib/environ/types.js';
import { toFetchHandler } from '../../../lib/server/hosted/fetch-handler.js';
import { type NodeHandler, toNodeHandler } from '../../../lib/server/hosted/node-handler.js';
import { closeHosts, type Host, host, paths, show, shown } from '../../support/host.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';
import { closeClients, HANDSHAKE, WebSocketClient } from '../../support/web-socket-client.js';

/** Sends back each line as it comes. */
function echoLines(environ: Environ, start_response: StartResponse): AsyncIterable<Buffer> {
  start_response('200 OK', []);
  return environ['wsgi.input'][Symbol.asyncIterator]();
}

/** An application of several, by the end of the path. */
function site(apps: Record<string, Application>): Application {
  return (environ, start_response) => {
    const app = apps[environ.PATH_INFO.slice(1)] ?? show;
    return app(environ, start_response);
  };
}

interface Framework {
  /** Serves the application at /app, and answers `host` everywhere else. */
  serve(app: Application): Promise<Host>;
  readonly webSocket: boolean;
}

function upgrading(server: Server, handler: NodeHandler): Promise<Host> {
  server.on('upgrade', handler.upgrade);
  return host(server);
}

const FRAMEWORKS: Record<string, Framework> = {
  Express: {
    webSocket: true,
    serve(app) {
      const handler = toNodeHandler(app);
      const outer = express();
      outer.use('/app', handler);
      outer.use((_request, response) => response.status(404).send('host'));
      return upgrading(createServer(outer), handler);
    },
  },
  Fastify: {
    webSocket: true,
    async serve(app) {
      const handler = toNodeHandler(app, { scriptName: '/app' });
      const outer = Fastify();
      outer.register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _body, done) => done(null));
        for (const url of ['/app', '/app/*']) {
          scope.all(url, (request, reply) => {
            reply.hijack();
            handler(request.raw, reply.raw);
          });
        }
      });
      outer.setNotFoundHandler((_request, reply) => reply.code(404).send('host'));
      await outer.listen({ port: 0, host: '127.0.0.1' });
      return upgrading(outer.server, handler);
    },
  },
  Koa: {
    webSocket: true,
    serve(app) {
      const handler = toNodeHandler(app, { scriptName: '/app' });
      const outer = new Koa();
      outer.use((context) => {
        if (/^\/app(?:\/|$)/.test(context.path)) {
          context.respond = false;
          handler(context.req, context.res);
        } else {
          context.body = 'host';
          context.status = 404;
        }
      });
      return upgrading(createServer(outer.callback()), handler);
    },
  },
  Hono: {
    webSocket: false,
    serve(app) {
      const handler = toFetchHandler(app, { scriptName: '/app' });
      const outer = new Hono();
      outer.mount('/app', handler, { replaceRequest: false, optionHandler: (context) => [context.env] });
      outer.notFound((context) => context.text('host', 404));
      return host(serveFetch({ fetch: outer.fetch, port: 0, hostname: '127.0.0.1' }) as Server);
    },
  },
};

for (const [name, { serve, webSocket }] of Object.entries(FRAMEWORKS)) {
  describe(`an application in ${name}`, () => {
    afterEach(async () => {
      closeClients();
      closePeers();
      await closeHosts();
    });

    it('knows where it is mounted, and who asks', async () => {
      const { url } = await serve(show);
      expect(paths(await shown(`${url}/app`))).to.equal('/app | ');
      const seen = await shown(`${url}/app/caf%C3%A9?x=1`);
      expect(paths(seen)).to.equal('/app | /caf\xc3\xa9');
      expect(seen).to.include({
        REQUEST_URI: '/app/caf%C3%A9?x=1',
        QUERY_STRING: 'x=1',
        REMOTE_ADDR: '127.0.0.1',
      });
    });

    it('leaves other paths to the host', async () => {
      const { url } = await serve(show);
      const response = await fetch(`${url}/else`);
      expect([response.status, await response.text()]).to.deep.equal([404, 'host']);
    });

    it('gets JSON as it was sent', async () => {
      const { url } = await serve(show);
      const body = '{ "a": [1, 2] }';
      const headers = { 'Content-Type': 'application/json' };
      const seen = await shown(`${url}/app/`, { method: 'POST', body, headers });
      expect(seen).to.include({ body, CONTENT_TYPE: 'application/json', CONTENT_LENGTH: '15' });
    });

    it('streams both ways', async () => {
      const { port } = await serve(echoLines);
      const peer = await Peer.connect(port);
      await peer.send(request('/app/', { method: 'POST', headers: ['Transfer-Encoding: chunked'] }));
      await peer.send('4\r\none\n\r\n');
      await peer.got('4\r\none\n');
      await peer.send('4\r\ntwo\n\r\n0\r\n\r\n');
      await peer.got(/4\r\ntwo\n\r\n0\r\n\r\n$/);
    });

    it('learns that its client is gone', async () => {
      const events: string[] = [];
      const { port } = await serve((environ, start_response) => {
        environ['node.abort_signal'].addEventListener('abort', () => events.push('aborted'));
        start_response('200 OK', []);
        return {
          async *[Symbol.asyncIterator]() {
            for (;;) {
              yield Buffer.from('x');
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
          },
          close: () => events.push('closed'),
        };
      });
      const peer = await Peer.connect(port);
      await peer.send(request('/app/'));
      await peer.got('200 OK');
      peer.socket.destroy();
      await until(() => events.length >= 2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(events.sort()).to.deep.equal(['aborted', 'closed']);
    });

    it('answers a failure itself', async () => {
      const log = await captureLog(async () => {
        const { url } = await serve(() => {
          throw new Error('mine');
        });
        const response = await fetch(`${url}/app/`);
        expect(response.status).to.equal(500);
        expect(await response.text()).to.equal(
          '500 Internal Server Error\n\nThe server could not complete the request.\n',
        );
      });
      expect(log).to.include('Error: mine');
    });

    if (webSocket) describe('with WebSockets', () => withWebSockets(serve));
  });
}

function withWebSockets(serve: Framework['serve']): void {
  const chat: Application = async (environ, start_response) => {
    const websocket = environ['wsgi.websocket'];
    if (websocket === undefined) {
      start_response('426 Upgrade Required', []);
      return [];
    }
    await websocket.send(`${environ.SCRIPT_NAME} | ${environ.PATH_INFO}`);
    for await (const message of websocket) await websocket.send(message);
    return [];
  };

  it('opens them where it is mounted', async () => {
    const { port } = await serve(site({ chat }));
    const client = await WebSocketClient.connect(port, { path: '/app/chat' });
    expect(await client.next()).to.equal('/app | /chat');
    client.client.send('hello');
    expect(await client.next()).to.equal('hello');
    expect((await client.close(1000)).code).to.equal(1000);
  });

  it('may refuse them, and so may the host', async () => {
    const { port } = await serve((_environ, start_response) => {
      start_response('403 Forbidden', []);
      return [Buffer.from('no')];
    });
    for (const [target, status, body] of [
      ['/app/chat', 403, 'no'],
      ['/chat', 404, 'host'],
    ] as const) {
      const peer = await Peer.connect(port);
      await peer.send(request(target, { headers: HANDSHAKE }));
      const response = await peer.response();
      expect([response.status, String(response.body)]).to.deep.equal([status, body]);
      await peer.closed();
    }
  });

  it('gets other upgrades as ordinary requests', async () => {
    const { port } = await serve(show);
    const peer = await Peer.connect(port);
    const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x'];
    await peer.send(request('/app/x', { headers: upgrade }));
    const seen = JSON.parse(String((await peer.response()).body));
    expect([paths(seen), seen.HTTP_UPGRADE]).to.deep.equal(['/app | /x', undefined]);
    await peer.send(request('/app/y'));
    const [, next] = await peer.responses(2);
    expect(paths(JSON.parse(String(next?.body)))).to.equal('/app | /y');
  });

  it('waits with a handshake for the responses before it', async () => {
    const slow = gate();
    const app = site({
      chat,
      async slow(_environ, start_response) {
        await slow.promise;
        start_response('200 OK', []);
        return [Buffer.from('slow')];
      },
    });
    const { port } = await serve(app);
    const peer = await Peer.connect(port);
    await peer.send(request('/app/slow') + request('/app/chat', { headers: HANDSHAKE }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(peer.text).to.equal('');
    slow.open();
    await peer.got('/app | /chat');
    expect(peer.text.indexOf('slow')).to.be.within(1, peer.text.indexOf('101 Switching'));
  });
}

describe('one server with several handlers', () => {
  afterEach(async () => {
    closeClients();
    await closeHosts();
  });

  it('brings each WebSocket to the handler of its path, and closes those of a handler with 1001', async () => {
    const greeting =
      (text: string): Application =>
      async (environ) => {
        await environ['wsgi.websocket']?.send(text);
        await environ['wsgi.websocket']?.receive();
        return [];
      };
    const [one, two] = [toNodeHandler(greeting('one')), toNodeHandler(greeting('two'))];
    const outer = express();
    outer.use('/one', one).use('/two', two);
    const server = createServer(outer);
    server.on('upgrade', one.upgrade).on('upgrade', two.upgrade);
    const { port } = await host(server);
    const clients = ['/one', '/two'].map((path) => new WebSocketClient(port, { path }));
    for (const [i, client] of clients.entries()) {
      expect(await client.next()).to.equal(['one', 'two'][i]);
    }
    two.close();
    expect((await clients[1]?.closed)?.code).to.equal(1001);
    expect(clients[0]?.client.readyState).to.equal(1);
  });
});

describe('an application in an injected request of Fastify', () => {
  it('is answered without a server', async () => {
    const handler = toNodeHandler(show);
    const outer = Fastify();
    outer.removeAllContentTypeParsers();
    outer.addContentTypeParser('*', (_request, _body, done) => done(null));
    outer.all('/*', (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    const response = await outer.inject({ method: 'POST', url: '/x', payload: 'body' });
    expect(response.json()).to.include({ PATH_INFO: '/x', body: 'body' });
  });
});
