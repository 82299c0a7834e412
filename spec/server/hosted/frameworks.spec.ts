/** The real Express, Fastify, Koa and Hono: our applications inside them, and they inside ours. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { serve as serveFetch } from '@hono/node-server';
import { expect } from 'chai';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import type { Application, Environ, StartResponse } from '../../../lib/environ/types.js';
import { fromFetchHandler } from '../../../lib/server/foreign/from-fetch-handler.js';
import { fromNodeHandler } from '../../../lib/server/foreign/from-node-handler.js';
import { toFetchHandler } from '../../../lib/server/hosted/fetch-handler.js';
import { type NodeHandler, toNodeHandler } from '../../../lib/server/hosted/node-handler.js';
import { closeHosts, type Host, host, paths, show, shown } from '../../support/host.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
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

interface Inner {
  /** Echoes JSON at POST /json, streams at /stream, fails at /fail; nothing elsewhere. */
  make(): Promise<Application>;
  /** What a failure says is the host's own. */
  readonly failure: 'ours' | 'its own';
}

const parts = () => Readable.from(['one ', 'two ', 'three']);

const INNER: Record<string, Inner> = {
  Express: {
    failure: 'ours',
    async make() {
      const app = express();
      app.use(express.json());
      app.post('/json', (request, response) => {
        response.json({ ...request.body, mount: request.baseUrl, ip: request.ip });
      });
      app.get('/stream', (_request, response) => parts().pipe(response));
      app.get('/fail', () => {
        throw new Error('mine');
      });
      return fromNodeHandler(app);
    },
  },
  Koa: {
    failure: 'its own',
    async make() {
      const app = new Koa();
      app.silent = true;
      app.use(async (context) => {
        if (context.path === '/json') {
          let body = '';
          for await (const chunk of context.req) body += chunk;
          context.body = { ...JSON.parse(body), mount: '/inner', ip: context.ip };
        } else if (context.path === '/stream') context.body = parts();
        else if (context.path === '/fail') throw new Error('mine');
      });
      return fromNodeHandler(app.callback());
    },
  },
  Fastify: {
    failure: 'its own',
    async make() {
      const app = Fastify();
      app.post('/json', async (request) => ({
        ...(request.body as object),
        mount: '/inner',
        ip: request.ip,
      }));
      app.get('/stream', (_request, reply) => reply.send(parts()));
      app.get('/fail', () => {
        throw new Error('mine');
      });
      await app.ready();
      return fromNodeHandler((message: IncomingMessage, response: ServerResponse) =>
        app.routing(message, response),
      );
    },
  },
  Hono: {
    failure: 'its own',
    async make() {
      const app = new Hono<{ Bindings: Environ }>().basePath('/inner');
      app.post('/json', async (context) => {
        const { SCRIPT_NAME, REMOTE_ADDR } = context.env;
        return context.json({ ...(await context.req.json()), mount: SCRIPT_NAME, ip: REMOTE_ADDR });
      });
      app.get('/stream', () => new Response(Readable.toWeb(parts().map(Buffer.from)) as ReadableStream));
      app.get('/fail', () => {
        throw new Error('mine');
      });
      app.onError((_error, context) => context.text('its own', 500));
      return fromFetchHandler(async (request, environ) => app.fetch(request, environ));
    },
  },
};

for (const [name, { make, failure }] of Object.entries(INNER)) {
  describe(`${name} as an application`, () => {
    let url: string;

    beforeEach(async () => {
      const inner = await make();
      const { serverPort } = await serveApp((environ, start_response) => {
        environ.SCRIPT_NAME = '/inner';
        environ.PATH_INFO = environ.PATH_INFO.slice('/inner'.length);
        return inner(environ, start_response);
      });
      url = `http://127.0.0.1:${serverPort}/inner`;
    });

    afterEach(async () => {
      closePeers();
      await closeServers();
    });

    for (const framing of ['a length', 'chunks']) {
      it(`reads and answers JSON sent with ${framing}`, async () => {
        const text = '{"a":1}';
        const response = await fetch(`${url}/json`, {
          method: 'POST',
          body: framing === 'chunks' ? new Blob([text]).stream() : text,
          headers: { 'Content-Type': 'application/json' },
          duplex: 'half',
        });
        expect(response.headers.get('content-type')).to.match(/^application\/json/);
        expect(await response.json()).to.deep.equal({ a: 1, mount: '/inner', ip: '127.0.0.1' });
      });
    }

    it('streams', async () => {
      const response = await fetch(`${url}/stream`);
      expect(response.headers.get('transfer-encoding')).to.equal('chunked');
      expect(await response.text()).to.equal('one two three');
    });

    it('answers 404, also to HEAD, and keeps the connection', async () => {
      const peer = await Peer.connect(Number(new URL(url).port));
      const methods = ['HEAD', 'GET'];
      for (const method of methods) await peer.send(request('/inner/nothing', { method }));
      const responses = await peer.responses(2, methods);
      expect(responses.map(({ status }) => status)).to.deep.equal([404, 404]);
    });

    it('answers 500 to a failure', async () => {
      const log = await captureLog(async () => {
        const response = await fetch(`${url}/fail`);
        expect(response.status).to.equal(500);
      });
      expect(log).to.match(failure === 'ours' ? /Error: mine/ : /^$/);
    });
  });
}
