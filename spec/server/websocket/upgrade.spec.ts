/** WebSockets through makeServer, end to end. */
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import type { WebSocket } from '../../../lib/environ/websocket/websocket.js';
import { frame, RawWebSocket, TEXT } from '../../support/frames.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';
import { closeClients, HANDSHAKE, WebSocketClient } from '../../support/web-socket-client.js';

/** An application of WebSockets only, whose body is what `work` gives. */
function socketApp(work: (websocket: WebSocket, environ: Environ) => Promise<unknown>): Application {
  return async (environ) => (await work(environ['wsgi.websocket'] as WebSocket, environ)) as Buffer[];
}

const echo = socketApp(async (websocket) => {
  for await (const message of websocket) await websocket.send(message);
  return [];
});

describe('a WebSocket through makeServer', () => {
  afterEach(async () => {
    closeClients();
    closePeers();
    await closeServers();
  });

  it('carries text and bytes both ways', async () => {
    const { serverPort } = await serveApp(echo);
    const client = await WebSocketClient.connect(serverPort);
    const bytes = Buffer.from([0, 0xff, 0x80]);
    client.client.send('grüße');
    client.client.send(bytes);
    client.client.send('x'.repeat(1_000_000));
    expect(await client.next()).to.equal('grüße');
    expect(await client.next()).to.deep.equal(bytes);
    expect(await client.next()).to.have.length(1_000_000);
    expect(await client.close(3000, 'bye')).to.deep.equal({ code: 3000, reason: 'bye' });
  });

  it('comes with what an upgrade request has in environ', async () => {
    const seen = gate<unknown>();
    const app = socketApp(async (websocket, environ) => {
      const read = String(await environ['wsgi.input'].read());
      seen.open([environ['wsgi.websocket_version'], environ['HTTP_UPGRADE'], websocket.path, read]);
      websocket.accept();
      return [];
    });
    const { serverPort } = await serveApp(app);
    await WebSocketClient.connect(serverPort);
    expect(await seen.promise).to.deep.equal(['13', 'websocket', '/chat', '']);
  });

  it('sends no early hints, which would break the handshake, and chooses from a list with gaps', async () => {
    const app = socketApp(async (websocket, environ) => {
      environ['wsgi.early_hints']?.([['Link', '</a.css>; rel=preload']]);
      websocket.accept('b');
      return [];
    });
    const { serverPort } = await serveApp(app);
    const headers = ['Sec-WebSocket-Protocol: ,a,,b'];
    const { head } = await RawWebSocket.connect(serverPort, { headers });
    expect(head).to.match(/^HTTP\/1.1 101 .*\r\nSec-WebSocket-Protocol: b/is);
  });

  for (const method of ['accept', 'receive', 'send'] as const) {
    it(`cannot be opened by ${method}() after start_response`, async () => {
      const thrown = gate<unknown>();
      const { serverPort } = await serveApp(async (environ, start_response) => {
        start_response('403 Forbidden', [['Content-Length', '0']]);
        try {
          const websocket = environ['wsgi.websocket'];
          await (method === 'send' ? websocket?.send('x') : websocket?.[method]());
        } catch (error) {
          thrown.open(error);
        }
        return [];
      });
      const { head } = await RawWebSocket.connect(serverPort);
      expect(head).to.match(/^HTTP\/1.1 403 /);
      expect(String(await thrown.promise)).to.contain('although start_response was called');
    });
  }

  it('has the subprotocol that the application chose', async () => {
    const app = socketApp(async (websocket) => {
      websocket.supportedProtocols = ['b', 'c'];
      await websocket.send(websocket.protocols.join());
      return [];
    });
    const { serverPort } = await serveApp(app);
    const client = await WebSocketClient.connect(serverPort, { protocols: ['a', 'b'] });
    expect(client.client.protocol).to.equal('b');
    expect(await client.next()).to.equal('a,b');
  });

  for (const perMessageDeflate of [true, false]) {
    it(`is ${perMessageDeflate ? '' : 'not '}compressed when perMessageDeflate is ${perMessageDeflate}`, async () => {
      const { serverPort } = await serveApp(echo, { perMessageDeflate });
      const client = await WebSocketClient.connect(serverPort, { perMessageDeflate: true });
      expect(client.client.extensions).to.equal(perMessageDeflate ? 'permessage-deflate' : '');
      client.client.send('x'.repeat(10_000));
      expect(await client.next()).to.equal('x'.repeat(10_000));
    });
  }

  it('closes with 1009 a message above websocketMaxMessage', async () => {
    const { serverPort } = await serveApp(echo, { websocketMaxMessage: 100 });
    const client = await WebSocketClient.connect(serverPort);
    client.client.send('x'.repeat(100));
    expect(await client.next()).to.have.length(100);
    client.client.send('x'.repeat(101));
    expect((await client.closed).code).to.equal(1009);
  });

  it('closes with 1000 when the application returns, and closes what it returned unread', async () => {
    const events: string[] = [];
    const body = {
      *[Symbol.iterator]() {
        events.push('iterated');
        yield Buffer.from('body');
      },
      close: () => events.push('closed'),
    };
    const { serverPort } = await serveApp(async (environ) => {
      await environ['wsgi.websocket']?.send('hello');
      return body;
    });
    const client = await WebSocketClient.connect(serverPort);
    expect(await client.next()).to.equal('hello');
    expect((await client.closed).code).to.equal(1000);
    expect(events).to.deep.equal(['closed']);
  });

  it('may be opened by an iterator', async () => {
    let finished = false;
    const { serverPort } = await serveApp((environ) => {
      return (async function* () {
        try {
          await environ['wsgi.websocket']?.send('from a generator');
          yield Buffer.from('ignored');
          yield Buffer.from('ignored as well');
        } finally {
          finished = true;
        }
      })();
    });
    const client = await WebSocketClient.connect(serverPort);
    expect(await client.next()).to.equal('from a generator');
    expect((await client.closed).code).to.equal(1000);
    expect(finished).to.equal(true);
  });

  it('closes with 1011 when the application throws, which is logged', async () => {
    const log = await captureLog(async () => {
      const app = socketApp(async (websocket) => {
        await websocket.send('hello');
        throw new Error('mine');
      });
      const { serverPort } = await serveApp(app);
      const client = await WebSocketClient.connect(serverPort);
      expect((await client.closed).code).to.equal(1011);
    });
    expect(log).to.include('Error in the application').and.include('mine');
  });

  it('keeps what came right after the handshake, however late it is opened', async () => {
    const app = socketApp(async (websocket) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await websocket.send(`${await websocket.receive()} ${await websocket.receive()}`);
      return [];
    });
    const { serverPort } = await serveApp(app);
    const client = await RawWebSocket.connect(serverPort, { also: frame(TEXT, 'early') });
    await client.send(frame(TEXT, 'later'));
    expect(String((await client.next())[0]?.payload)).to.equal('early later');
    client.destroy();
  });

  it('keeps what came before it was opened', async () => {
    const begun = gate();
    const go = gate();
    const app = socketApp(async (websocket) => {
      begun.open();
      await go.promise;
      await websocket.send(`${await websocket.receive()}`);
      return [];
    });
    const { serverPort } = await serveApp(app);
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/chat', { headers: HANDSHAKE }));
    await begun.promise;
    await peer.send(frame(TEXT, 'impatient'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    go.open();
    await peer.got('impatient');
    expect(peer.text).to.match(/^HTTP\/1\.1 101 /);
  });

  it('may be silent for longer than the timeout', async () => {
    const { serverPort } = await serveApp(echo, { timeout: 0.1 });
    const client = await WebSocketClient.connect(serverPort);
    await new Promise((resolve) => setTimeout(resolve, 400));
    client.client.send('still here');
    expect(await client.next()).to.equal('still here');
  });

  it('leaves nothing behind: 200 of them, opened and closed', async () => {
    const server = await serveApp(echo);
    for (let round = 0; round < 4; round++) {
      const clients = await Promise.all(
        Array.from({ length: 50 }, () => WebSocketClient.connect(server.serverPort)),
      );
      for (const client of clients) client.client.send('hello');
      for (const client of clients) expect(await client.next()).to.equal('hello');
      // Half of them politely.
      for (const [i, { client }] of clients.entries()) i % 2 === 0 ? client.close() : client.terminate();
      await Promise.all(clients.map((client) => client.closed));
    }
    await until(async () => (await connectionsOf(server)) === 0, 'the end of all connections');
    await server.close();
    expect(server.http.listenerCount('close')).to.be.below(3);
  });
});

describe('a WebSocket client that leaves', () => {
  afterEach(async () => {
    closeClients();
    closePeers();
    await closeServers();
  });

  it('without a word ends receive() with null, and a send() after it throws, unlogged', async () => {
    const results = gate<unknown[]>();
    const log = await captureLog(async () => {
      const app = socketApp(async (websocket) => {
        await websocket.send('hello');
        const received = await websocket.receive();
        const code = websocket.closeCode;
        const { aborted } = websocket.environ['node.abort_signal'];
        results.open([received, code, aborted]);
        await websocket.send('too late');
        throw new Error('it did not throw');
      });
      const { serverPort } = await serveApp(app);
      const client = await WebSocketClient.connect(serverPort);
      await client.next();
      client.client.terminate();
      expect(await results.promise).to.deep.equal([null, 1006, true]);
      await closeServers();
    });
    expect(log).to.equal('');
  });

  for (const [how, leave] of [
    ['ends the connection', (socket) => socket.end()],
    ['closes', (socket) => socket.destroy()],
    ['resets the connection', (socket) => socket.resetAndDestroy()],
  ] as [string, (socket: Peer['socket']) => unknown][]) {
    it(`before it is opened fires the abort signal: it ${how}`, async () => {
      const begun = gate();
      const results = gate<unknown>();
      const log = await captureLog(async () => {
        const app = socketApp(async (websocket, environ) => {
          const signal = environ['node.abort_signal'];
          const left = new Promise((resolve) => signal.addEventListener('abort', resolve));
          begun.open();
          await left;
          // Whether it still opens is all the same: nothing comes any more.
          results.open(await websocket.receive().catch((error: Error) => error.message));
          return [];
        });
        const server = await serveApp(app);
        const peer = await Peer.connect(server.serverPort);
        await peer.send(request('/chat', { headers: HANDSHAKE }));
        await begun.promise;
        leave(peer.socket);
        expect(await results.promise).to.be.oneOf([null, 'Socket is dead', 'Connection is already closed']);
        await until(async () => (await connectionsOf(server)) === 0);
        await closeServers();
      });
      expect(log).to.equal('');
    });
  }
});

describe('an application that neither opens nor answers', () => {
  afterEach(closeServers);

  it('is one that never called start_response: 500', async () => {
    const log = await captureLog(async () => {
      const { serverPort } = await serveApp(socketApp(async () => []));
      const client = await RawWebSocket.connect(serverPort);
      expect(client.head).to.match(/^HTTP\/1\.1 500 /);
    });
    expect(log).to.include('did not call start_response');
  });

  it('and throws gets 500', async () => {
    const log = await captureLog(async () => {
      const app: Application = () => {
        throw new Error('mine');
      };
      const { serverPort } = await serveApp(app);
      const client = await RawWebSocket.connect(serverPort);
      expect(client.head).to.match(/^HTTP\/1\.1 500 /);
    });
    expect(log).to.include('mine');
  });

  it('is ended after timeout', async () => {
    await captureLog(async () => {
      const { serverPort } = await serveApp(() => new Promise(() => {}), { timeout: 0.2 });
      const client = await RawWebSocket.connect(serverPort);
      expect(client.head).to.match(/^HTTP\/1\.1 500 /);
    });
  });

  it('cannot be opened any more once it was answered', async () => {
    const result = gate<unknown>();
    const { serverPort } = await serveApp(async (environ, start_response) => {
      const write = start_response('200 OK', []);
      await write(Buffer.from('an answer'));
      result.open(await environ['wsgi.websocket']?.receive().catch((error: Error) => error.message));
      return [];
    });
    const client = await RawWebSocket.connect(serverPort);
    expect(client.head).to.match(/^HTTP\/1\.1 200 /);
    expect(await result.promise).to.match(/although start_response was called/);
  });
});
