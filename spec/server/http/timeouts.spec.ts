/** Time limits: on what a client sends, and on silence. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { RequestTimeout } from '../../../lib/errors.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';
import { gate, until } from '../../support/until.js';
import { HANDSHAKE } from '../../support/web-socket-client.js';

const read: Application = async (environ, start_response) =>
  answer(start_response, String(await environ['wsgi.input'].read()));
const PART = request('/', { method: 'POST', headers: ['Content-Length: 10'], body: 'part' });
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('time limits on a request', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  for (const [what, options, sent] of [
    ['headersTimeout ends a head that does not come', { headersTimeout: 0.2 }, 'GET / HTTP/1.1\r\nHost:'],
    ['requestTimeout ends a body that does not come', { requestTimeout: 0.2 }, PART],
    ['timeout ends a body that the application waits for', { timeout: 0.2 }, PART],
  ] as const) {
    it(`${what} with 408, and logs nothing`, async () => {
      const log = await captureLog(async () => {
        const { serverPort } = await serveApp(read, options);
        const peer = await Peer.connect(serverPort);
        await peer.send(sent);
        await peer.closed();
        expect(peer.text)
          .to.match(/^HTTP\/1\.1 408 /)
          .and.include('Connection: close');
      });
      expect(log).to.equal('');
    });
  }

  it('requestTimeout is not postponed by a client that sends a byte now and then', async () => {
    const { serverPort } = await serveApp(read, { requestTimeout: 0.3 });
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 100000'] }));
    const trickle = setInterval(() => peer.send('x'), 20);
    await peer.closed();
    clearInterval(trickle);
    expect((await peer.response()).status).to.equal(408);
  });

  it('are RequestTimeouts for the application, which may still answer', async () => {
    const { serverPort } = await serveApp(
      async (environ, start_response) => {
        const error = await environ['wsgi.input'].read().catch((reason: unknown) => reason);
        return answer(start_response, String(error instanceof RequestTimeout));
      },
      { timeout: 0.2 },
    );
    const peer = await Peer.connect(serverPort);
    await peer.send(PART);
    const response = await peer.response();
    expect(String(response.body)).to.equal('true');
    expect(response.headers['connection']).to.equal('close');
    await peer.closed();
  });

  it('do not touch an application that takes its time over a request that came', async () => {
    const { serverPort } = await serveApp(
      async (_environ, start_response) => {
        await pause(500);
        return answer(start_response);
      },
      { headersTimeout: 0.1, requestTimeout: 0.1 },
    );
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    expect((await peer.response()).status).to.equal(200);
  });

  it('keepAlive ends an idle connection without a word', async () => {
    const { serverPort } = await serveApp(read, { keepAlive: 0.1 });
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    await peer.response();
    await peer.closed();
    expect(peer.text.match(/HTTP\/1\.1 \d/g)).to.have.length(1);
  });

  it('keepAlive ends a connection that sent a part of its next request, and no more', async () => {
    const { serverPort } = await serveApp(read, { keepAlive: 0.1 });
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    await peer.response();
    await peer.send('GET / HT');
    await peer.closed();
    expect(peer.text.match(/HTTP\/1\.1 \d/g)).to.have.length(1);
  });

  it('keepAlive begins with the answer, and does not touch a request, or a WebSocket, that takes longer', async () => {
    const slow: Application = async (environ, start_response) => {
      const websocket = environ['wsgi.websocket'];
      await pause(300);
      await websocket?.send('still here');
      await websocket?.close();
      return answer(start_response, 'late');
    };
    const { serverPort } = await serveApp(slow, { keepAlive: 0.1 });
    const peer = await Peer.connect(serverPort);
    await peer.send(request() + request());
    const responses = await peer.responses(2);
    expect(responses.map(({ body }) => String(body))).to.deep.equal(['late', 'late']);
    await peer.closed();
    const client = await Peer.connect(serverPort);
    await client.send(request('/', { headers: HANDSHAKE }));
    await client.got('still here');
  });

  it('keepAlive does not end a new connection, which has as long as headersTimeout', async () => {
    const { serverPort } = await serveApp(read, { keepAlive: 0.1, headersTimeout: 5 });
    const peer = await Peer.connect(serverPort);
    await pause(300);
    await peer.send(request());
    expect((await peer.response()).status).to.equal(200);
  });
});

describe('timeout', () => {
  const options = { timeout: 0.3 };

  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('ends a request that the application never answers with 500, and logs it', async () => {
    const log = await captureLog(async () => {
      const { serverPort } = await serveApp(() => new Promise(() => {}), options);
      const peer = await Peer.connect(serverPort);
      await peer.send(request());
      await peer.closed();
      expect((await peer.response()).status).to.equal(500);
    });
    expect(log).to.include('The application sent nothing for 0.3 s');
    expect(log.match(/ERROR/g)).to.have.length(1);
  });

  it('cuts a response that does not go on, and closes its iterable', async () => {
    const closed = gate();
    const log = await captureLog(async () => {
      const { serverPort } = await serveApp((_environ, start_response) => {
        start_response('200 OK', []);
        let given = false;
        const next = () => {
          if (given) return new Promise<never>(() => {});
          given = true;
          return Promise.resolve({ done: false as const, value: Buffer.from('begun') });
        };
        return { [Symbol.asyncIterator]: () => ({ next }), close: () => closed.open() };
      }, options);
      const peer = await Peer.connect(serverPort);
      await peer.send(request());
      await peer.closed();
      expect(peer.text).to.include('begun').and.not.include('0\r\n\r\n');
      await closed.promise;
    });
    expect(log).to.include('The application sent nothing');
  });

  for (const [what, app] of [
    ['one block', (_environ, start_response) => answer(start_response, 'x'.repeat(30_000_000))],
    [
      'many blocks',
      (_environ, start_response) => {
        start_response('200 OK', []);
        return Array.from({ length: 1000 }, () => Buffer.alloc(100_000));
      },
    ],
    [
      'what write() sends',
      async (_environ, start_response) => {
        const write = start_response('200 OK', []);
        for (let i = 0; i < 1000; i++) await write(Buffer.alloc(100_000));
        return [];
      },
    ],
  ] satisfies [string, Application][]) {
    it(`cuts off a client that does not read ${what}, and logs nothing`, async () => {
      const log = await captureLog(async () => {
        const server = await serveApp(app, { ...options, minRate: 20_000_000 });
        const peer = await Peer.connect(server.serverPort, { paused: true });
        await peer.send(request());
        const open = () =>
          new Promise<number>((resolve) => server.http.getConnections((_, count) => resolve(count)));
        await until(async () => (await open()) === 0, 'the end of the connection');
      });
      expect(log).to.equal('');
    });
  }

  it('cuts off a client that only sends, if something waits for it', async () => {
    const server = await serveApp(
      (_environ, start_response) => {
        start_response('200 OK', []);
        return Array.from({ length: 1000 }, () => Buffer.alloc(100_000));
      },
      { ...options, minRate: 20_000_000 },
    );
    const peer = await Peer.connect(server.serverPort, { paused: true });
    await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 100000'] }));
    const trickle = setInterval(() => peer.send('x'), 20);
    await until(async () => (await connectionsOf(server)) === 0, 'the end of the connection');
    clearInterval(trickle);
    // It read nothing, and so could not have been answered.
    expect(peer.text).to.equal('');
  });

  for (const [transport, secure] of [
    ['', false],
    [' over TLS', true],
  ] as const) {
    for (const blocks of [1, 200]) {
      it(`keeps a client that reads slowly, but steadily, a body of ${blocks} blocks${transport}`, async () => {
        const size = 16_000_000;
        const block = Buffer.alloc(size / blocks);
        const { serverPort } = await serveApp(
          (_environ, start_response) => {
            start_response('200 OK', [['Content-Length', String(size)]]);
            return Array.from({ length: blocks }, () => block);
          },
          { timeout: 0.2, minRate: 100_000, keepAlive: 0.1, ...(secure ? TLS : {}) },
        );
        const peer = await Peer.connect(serverPort, { tls: secure });
        // The kernel takes more only after some megabytes, which take this one longer than the timeout.
        peer.socket.on('data', ({ length }: Buffer) => {
          peer.socket.pause();
          setTimeout(() => peer.socket.resume(), length / 3000);
        });
        await peer.send(request());
        await peer.closed();
        expect((await peer.response()).body).to.have.length(size);
      });
    }
  }

  it('lets a stream live that sends more often than that', async () => {
    async function* events() {
      for (let i = 0; i < 10; i++) {
        await pause(300);
        yield Buffer.from(`data: ${i}\n\n`);
      }
    }
    const { serverPort } = await serveApp(
      (_environ, start_response) => {
        start_response('200 OK', [['Content-Type', 'text/event-stream']]);
        return events();
      },
      { timeout: 2 },
    );
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    expect(String((await peer.response()).body)).to.include('data: 9');
  });

  it('of 0 is never', async () => {
    const { serverPort } = await serveApp(
      async (_environ, start_response) => {
        await pause(400);
        return answer(start_response);
      },
      { timeout: 0 },
    );
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    expect((await peer.response()).status).to.equal(200);
  });
});
