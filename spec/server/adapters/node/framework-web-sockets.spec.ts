/** WebSockets of our applications inside Express, Fastify and Koa; Hono speaks of none. */
import { createServer } from 'node:http';
import { expect } from 'chai';
import express from 'express';
import type { Application } from '../../../../lib/environ/types.js';
import { toNodeHandler } from '../../../../lib/server/adapters/node/node-handler.js';
import { paths, show } from '../../../support/answer.js';
import { closePeers, Peer, request } from '../../../support/peer.js';
import { closeServers, host } from '../../../support/serve.js';
import { gate } from '../../../support/until.js';
import { closeClients, HANDSHAKE, WebSocketClient } from '../../../support/web-socket-client.js';
import { FRAMEWORKS } from './frameworks.js';

/** An application of several, by the end of the path. */
function site(apps: Record<string, Application>): Application {
  return (environ, start_response) => {
    const app = apps[environ.PATH_INFO.slice(1)] ?? show;
    return app(environ, start_response);
  };
}

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

for (const [name, { serve, webSocket }] of Object.entries(FRAMEWORKS)) {
  if (!webSocket) continue;
  describe(`WebSockets in ${name}`, () => {
    afterEach(async () => {
      closeClients();
      closePeers();
      await closeServers();
    });

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

    it('gets them with their bodies', async () => {
      const { port } = await serve(async (environ, start_response) => {
        start_response('200 OK', [['Content-Type', 'text/plain']]);
        return [Buffer.from(`${environ.HTTP_UPGRADE} `), await environ['wsgi.input'].read()];
      });
      for (const [framing, first, second] of [
        ['Content-Length: 8', 'the ', 'body'],
        ['Content-Length: 8', '', 'the body'],
        ['Content-Length: 8', 'the body', ''],
        ['Transfer-Encoding: chunked', '4\r\nthe \r\n', '4\r\nbody\r\n0\r\n\r\n'],
      ] as const) {
        const peer = await Peer.connect(port);
        const headers = ['Connection: Upgrade', 'Upgrade: h2c', framing];
        await peer.send(request('/app/x', { method: 'POST', headers, body: first }));
        await peer.send(second);
        expect(String((await peer.response()).body)).to.equal('undefined the body');
      }
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
  });
}

describe('one server with several handlers', () => {
  afterEach(async () => {
    closeClients();
    await closeServers();
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
    await two.close();
    expect((await clients[1]?.closed)?.code).to.equal(1001);
    expect(clients[0]?.client.readyState).to.equal(1);
  });

  it('lets a handler answer and clean up when it is closed, and ends it when it is closed again', async () => {
    const [begun, go, save] = [gate(), gate(), gate()];
    const handler = toNodeHandler(async (environ) => {
      const wsock = environ['wsgi.websocket'];
      wsock?.accept();
      if (environ.PATH_INFO === '/stuck') await new Promise(() => {});
      await wsock?.receive();
      begun.open();
      await go.promise;
      await wsock?.send('answer');
      expect(await wsock?.receive()).to.equal(null);
      await save.promise;
      return [];
    });
    const { port } = await host(createServer(handler).on('upgrade', handler.upgrade));
    const client = await WebSocketClient.connect(port, { path: '/' });
    client.client.send('question');
    await begun.promise;
    const closing = handler.close();
    let closed = false;
    void closing.then(() => {
      closed = true;
    });
    go.open();
    expect(await client.next()).to.equal('answer');
    expect((await client.closed).code).to.equal(1001);
    expect(closed).to.equal(false);
    save.open();
    await closing;
    const stuck = await WebSocketClient.connect(port, { path: '/stuck' });
    void handler.close();
    expect((await stuck.closed).code).to.equal(1006);
  });
});
