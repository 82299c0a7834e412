/** What a stop waits for, and what not: connections without a request, and handlers that still run. */
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import { answer } from '../support/answer.js';
import { closePeers, Peer, request, roundTrip } from '../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../support/serve.js';
import { TLS } from '../support/tls.js';
import { gate, until } from '../support/until.js';

/** Longer than any spec may take: where it is waited for, the spec fails. */
const PATIENT = { gracefulTimeout: 60 };

const hello: Application = (_environ, start_response) => answer(start_response);

/** Closes, and tells whether that has come to an end. */
function closing(server: Server) {
  const state = { done: false, promise: server.close() };
  void state.promise.then(() => {
    state.done = true;
  });
  return state;
}

describe('a stop', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  describe('does not wait for', () => {
    const unfinished: [what: string, sent: string][] = [
      ['half a request line', 'GET / HT'],
      ['a head without its end', 'GET / HTTP/1.1\r\nHost: h\r\nX-Slow: '],
      ['an empty line before a request', '\r\n'],
      [
        'half a head after a request that was answered',
        `${request()}POST / HTTP/1.1\r\nContent-Length: 3\r\n`,
      ],
    ];
    for (const [what, sent] of unfinished) {
      for (const [where, options] of [
        ['', {}],
        [', under TLS', TLS],
      ] as const) {
        it(`${what}${where}: the connection ends in order`, async () => {
          const server = await serveApp(hello, { ...PATIENT, ...options });
          const peer = await Peer.connect(server.serverPort, { tls: 'certfile' in options });
          await peer.send(sent);
          await until(async () => (await connectionsOf(server)) === 1, 'the connection');
          if (sent.startsWith(request())) await peer.response();
          // It may still be on its way.
          await roundTrip(server.serverPort, { tls: 'certfile' in options });
          const stop = server.close();
          await peer.closed();
          peer.socket.end();
          await stop;
          expect(peer.error).to.equal(undefined);
        });
      }
    }

    for (const [what, bytes] of [
      ['that was not begun', ''],
      ['of which the first bytes came', '\x16\x03\x01\x02\x00'],
    ] as const) {
      it(`a TLS handshake ${what}`, async () => {
        const server = await serveApp(hello, { ...PATIENT, ...TLS });
        const peer = await Peer.connect(server.serverPort);
        await peer.send(Buffer.from(bytes, 'latin1'));
        await until(async () => (await connectionsOf(server)) === 1, 'the connection');
        await roundTrip(server.serverPort, { tls: true });
        await server.close();
        expect(await connectionsOf(server)).to.equal(0);
        peer.destroy();
      });
    }

    it('the rest of a body whose request was answered', async () => {
      const server = await serveApp(hello, PATIENT);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 100'], body: 'some' }));
      await peer.response();
      await server.close();
      await peer.closed();
      expect(peer.error).to.equal(undefined);
    });
  });

  describe('waits for', () => {
    it('a body that is still coming', async () => {
      const begun = gate();
      const server = await serveApp(async (environ, start_response) => {
        begun.open();
        return answer(start_response, String(await environ['wsgi.input'].read()));
      }, PATIENT);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 6'], body: 'abc' }));
      await begun.promise;
      const stop = closing(server);
      await peer.send('def');
      expect(String((await peer.response()).body)).to.equal('abcdef');
      peer.socket.end();
      await stop.promise;
    });

    it('a request that waits for its turn on its connection', async () => {
      const begun = gate();
      const go = gate();
      const server = await serveApp(async (environ, start_response) => {
        if (environ.PATH_INFO === '/first') {
          begun.open();
          await go.promise;
        }
        return answer(start_response, environ.PATH_INFO);
      }, PATIENT);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request('/first'));
      await begun.promise;
      const stop = closing(server);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(peer.ended).to.equal(false);
      go.open();
      expect(String((await peer.response()).body)).to.equal('/first');
      peer.socket.end();
      await stop.promise;
    });

    it('a handler whose client has left', async () => {
      const [begun, left, save] = [gate(), gate(), gate()];
      let saved = false;
      const server = await serveApp(async (environ, start_response) => {
        const signal = environ['node.abort_signal'];
        begun.open();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        left.open();
        await save.promise;
        saved = true;
        return answer(start_response);
      }, PATIENT);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      await begun.promise;
      peer.socket.resetAndDestroy();
      await left.promise;
      const stop = closing(server);
      await until(
        async () => (await connectionsOf(server).catch(() => 0)) === 0,
        'the end of the connection',
      );
      expect(stop.done).to.equal(false);
      save.open();
      await stop.promise;
      expect(saved).to.equal(true);
    });

    it('an iterable whose client has left, while its next block is awaited', async () => {
      const [begun, save] = [gate(), gate()];
      const steps: string[] = [];
      const server = await serveApp((_environ, start_response) => {
        start_response('200 OK', []);
        const next = async () => {
          begun.open();
          await save.promise;
          steps.push('next');
          return { done: true, value: undefined };
        };
        return {
          [Symbol.asyncIterator]: () => ({ next }),
          close: () => steps.push('close'),
        } as AsyncIterable<Buffer>;
      }, PATIENT);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      await begun.promise;
      peer.socket.resetAndDestroy();
      await until(() => steps.length === 1, 'close()');
      const stop = closing(server);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(stop.done).to.equal(false);
      save.open();
      await stop.promise;
      expect(steps).to.deep.equal(['close', 'next']);
    });

    it('close() of an iterable, when the response is complete and the client gone', async () => {
      const [called, save] = [gate(), gate()];
      let saved = false;
      const server = await serveApp((_environ, start_response) => {
        start_response('200 OK', [['Content-Length', '4']]);
        const close = async () => {
          called.open();
          await save.promise;
          saved = true;
        };
        return Object.assign([Buffer.from('body')], { close });
      }, PATIENT);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      await peer.response();
      await called.promise;
      peer.socket.destroy();
      const stop = closing(server);
      await until(
        async () => (await connectionsOf(server).catch(() => 0)) === 0,
        'the end of the connection',
      );
      expect(stop.done).to.equal(false);
      save.open();
      await stop.promise;
      expect(saved).to.equal(true);
    });
  });

  it('waits no longer than gracefulTimeout for a handler whose client has left, and says so', async () => {
    const begun = gate();
    const log = await captureLog(async () => {
      const server = await serveApp(
        () => {
          begun.open();
          return new Promise(() => {});
        },
        { gracefulTimeout: 0.1 },
      );
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      await begun.promise;
      peer.socket.resetAndDestroy();
      await server.close();
    });
    expect(log).to.match(/^WARNING:.* ends what still runs after 0\.1 s \(graceful-timeout\): 1 request\n$/);
  });
});
