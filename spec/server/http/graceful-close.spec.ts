/** close(): no new connections, a chance for what is under way, and then the end. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';

/** Longer than any spec may take: where it is waited for, the spec fails. */
const PATIENT = { gracefulTimeout: 60 };

/** An application that answers when it is told to. */
function held() {
  const begun = gate();
  const go = gate();
  const app: Application = async (_environ, start_response) => {
    begun.open();
    await go.promise;
    return answer(start_response);
  };
  return { app, begun: begun.promise, go: () => go.open() };
}

const echo: Application = async (environ) => {
  const websocket = environ['wsgi.websocket'];
  if (websocket !== undefined) for await (const message of websocket) await websocket.send(message);
  return [];
};

describe('a graceful close', () => {
  afterEach(async () => {
    closePeers();
    closeClients();
    await closeServers();
  });

  it('lets a running request finish, takes no new connection, and ends the one it has', async () => {
    const { app, begun, go } = held();
    const server = await serveApp(app, PATIENT);
    const { serverPort } = server;
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    await begun;
    const closing = server.close();
    const refused = await Peer.connect(serverPort).catch((error: NodeJS.ErrnoException) => error.code);
    expect(refused).to.equal('ECONNREFUSED');
    go();
    const response = await peer.response();
    expect(String(response.body)).to.equal('ok');
    expect(response.headers['connection']).to.equal('close');
    await peer.closed();
    peer.socket.end();
    await closing;
  });

  it('ends a connection whose response had already promised to go on', async () => {
    const begun = gate();
    const go = gate();
    const server = await serveApp((_environ, start_response) => {
      start_response('200 OK', []);
      return (async function* () {
        yield Buffer.from('part');
        begun.open();
        await go.promise;
      })();
    }, PATIENT);
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request());
    await begun.promise;
    const closing = server.close();
    go.open();
    expect((await peer.response()).headers['connection']).to.equal('keep-alive');
    await peer.closed();
    peer.socket.end();
    await closing;
  });

  it('answers the pipelined requests that it had read', async () => {
    const { app, begun, go } = held();
    const server = await serveApp(app, PATIENT);
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request());
    await begun;
    const closing = server.close();
    go();
    await peer.closed();
    peer.socket.end();
    await closing;
    expect(peer.text.match(/HTTP\/1\.1 200/g)).to.have.length(1);
  });

  it('closes connections without a request at once: used ones and fresh ones', async () => {
    const server = await serveApp((_environ, start_response) => answer(start_response), PATIENT);
    const used = await Peer.connect(server.serverPort);
    await used.send(request());
    await used.response();
    const fresh = await Peer.connect(server.serverPort);
    await server.close();
    await Promise.all([used.closed(), fresh.closed()]);
    expect([used.error, fresh.error]).to.deep.equal([undefined, undefined]);
  });

  it('closes WebSockets with 1001', async () => {
    const server = await serveApp(echo, PATIENT);
    const clients = await Promise.all([1, 2, 3].map(() => WebSocketClient.connect(server.serverPort)));
    clients[0]?.client.send('hello');
    expect(await clients[0]?.next()).to.equal('hello');
    await server.close();
    const codes = (await Promise.all(clients.map((client) => client.closed))).map(({ code }) => code);
    expect(codes).to.deep.equal([1001, 1001, 1001]);
  });

  it('closes a WebSocket with 1001 that is opened meanwhile', async () => {
    const begun = gate();
    const go = gate();
    const server = await serveApp(async (environ) => {
      begun.open();
      await go.promise;
      await environ['wsgi.websocket']?.receive();
      return [];
    }, PATIENT);
    const client = new WebSocketClient(server.serverPort);
    await begun.promise;
    const closing = server.close();
    go.open();
    expect((await client.closed).code).to.equal(1001);
    await closing;
  });

  it('cuts everything off after gracefulTimeout', async () => {
    const closed = gate();
    let begun = 0;
    const server = await serveApp(
      async (environ, start_response) => {
        begun++;
        if (environ['wsgi.websocket'] !== undefined) return new Promise(() => {});
        start_response('200 OK', []);
        const next = () => new Promise<never>(() => {});
        return { [Symbol.asyncIterator]: () => ({ next }), close: () => closed.open() };
      },
      { gracefulTimeout: 0.2 },
    );
    const peers = await Promise.all([1, 2, 3].map(() => Peer.connect(server.serverPort)));
    await peers[0]?.send(request());
    await peers[1]?.send('GET / HTTP/1.1\r\nHo');
    const client = new WebSocketClient(server.serverPort);
    await until(async () => begun === 2 && (await connectionsOf(server)) === 4, 'two requests');
    await server.close();
    await Promise.all([...peers.map((peer) => peer.closed()), client.closed, closed.promise]);
    expect(await connectionsOf(server).catch(() => 0)).to.equal(0);
  });

  it('stops at once when it is asked a second time', async () => {
    const log = await captureLog(async () => {
      const { app, begun } = held();
      const server = await serveApp(app, PATIENT);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      await begun;
      const first = server.close();
      await server.close();
      await first;
      await peer.closed();
      expect(peer.text).to.equal('');
    });
    expect(log).to.equal('');
  });
});
