/** `node.abort_signal` over real connections. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { ClientDisconnected } from '../../../lib/errors.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

describe('node.abort_signal', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  /** An application that waits for ever, or until its signal fires. */
  function waiting(use: (signal: AbortSignal) => Promise<unknown>) {
    const begun = gate();
    const reason = gate<unknown>();
    const app: Application = async (environ, start_response) => {
      const result = use(environ['node.abort_signal']);
      begun.open();
      reason.open(await result);
      return answer(start_response);
    };
    return { app, begun: begun.promise, reason: reason.promise };
  }

  const LEAVES: Record<string, (peer: Peer) => unknown> = {
    'ends the connection': (peer) => peer.socket.end(),
    closes: (peer) => peer.socket.destroy(),
    'resets the connection': (peer) => peer.socket.resetAndDestroy(),
  };
  for (const [how, leave] of Object.entries(LEAVES)) {
    it(`fires when the client ${how}, and nothing is logged`, async () => {
      const log = await captureLog(async () => {
        const { app, begun, reason } = waiting(aborted);
        const { serverPort } = await serveApp(app);
        const peer = await Peer.connect(serverPort);
        await peer.send(request());
        await begun;
        leave(peer);
        expect(await reason).to.be.instanceOf(ClientDisconnected);
        await closeServers();
      });
      expect(log).to.equal('');
    });
  }

  const USES: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    onabort: (signal) =>
      new Promise((resolve) => {
        signal.onabort = () => resolve(signal.reason);
      }),
    'AbortSignal.any()': (signal) => aborted(AbortSignal.any([signal, new AbortController().signal])),
    polling: async (signal) => {
      await until(() => signal.aborted);
      return signal.reason;
    },
    'throwIfAborted()': async (signal) => {
      for (;;) {
        try {
          signal.throwIfAborted();
        } catch (error) {
          return error;
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
  for (const [what, use] of Object.entries(USES)) {
    it(`can be used through ${what}, on a connection that had requests before`, async () => {
      const { app, begun, reason } = waiting(use);
      const server = await serveApp((_environ, start_response) => answer(start_response));
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      await peer.response();
      server.setApp(app);
      await peer.send(request());
      await begun;
      peer.socket.resetAndDestroy();
      expect(await reason).to.be.instanceOf(ClientDisconnected);
    });
  }

  it('is a signal for an application that asks for it', async () => {
    let signal: AbortSignal | undefined;
    const { serverPort } = await serveApp((environ, start_response) => {
      signal = environ['node.abort_signal'];
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    await peer.response();
    expect(signal).to.be.instanceOf(AbortSignal);
  });

  it('does not fire for a request that was answered, whatever the client then does', async () => {
    const signals: AbortSignal[] = [];
    const server = await serveApp((environ, start_response) => {
      const signal = environ['node.abort_signal'];
      signal.addEventListener('abort', () => {});
      signals.push(signal);
      return answer(start_response);
    });
    for (const leave of Object.values(LEAVES)) {
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      await peer.response();
      leave(peer);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    await server.close();
    expect(signals.map((signal) => signal.aborted)).to.deep.equal([false, false, false]);
  });

  it('fires for the request that is under way, and for none before it', async () => {
    const signals: AbortSignal[] = [];
    const { serverPort } = await serveApp((environ, start_response) => {
      signals.push(environ['node.abort_signal']);
      expect(environ['node.abort_signal'].aborted).to.equal(false);
      return signals.length < 3 ? answer(start_response) : new Promise(() => {});
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request().repeat(3));
    await until(() => signals.length === 3);
    peer.socket.resetAndDestroy();
    await until(() => signals[2]?.aborted === true);
    expect(new Set(signals)).to.have.property('size', 3);
    expect(signals.map((signal) => signal.aborted)).to.deep.equal([false, false, true]);
  });

  it('is made when it is asked for, also after the client has left', async () => {
    const left = gate();
    const seen = gate<unknown>();
    const { serverPort } = await serveApp(async (environ, start_response) => {
      await left.promise;
      const { aborted, reason } = environ['node.abort_signal'];
      seen.open([aborted, reason instanceof ClientDisconnected, environ['node.abort_signal'].aborted]);
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    peer.socket.resetAndDestroy();
    setTimeout(left.open, 50);
    expect(await seen.promise).to.deep.equal([true, true, true]);
  });

  it('is a key as any other: it can be listed, copied, inherited, replaced and deleted', async () => {
    const KEY = 'node.abort_signal';
    const seen: unknown[] = [];
    const { serverPort } = await serveApp((environ, start_response) => {
      const derived = Object.create(environ);
      const copy = { ...environ };
      seen.push(Object.keys(environ).includes(KEY), derived[KEY] === copy[KEY], environ[KEY] === copy[KEY]);
      environ[KEY] = AbortSignal.abort();
      seen.push(environ[KEY].aborted, copy[KEY].aborted);
      seen.push(Reflect.deleteProperty(environ, KEY), KEY in environ);
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    await peer.response();
    expect(seen).to.deep.equal([true, true, true, true, false, true, false]);
  });

  it('can be replaced before anybody has asked for it', async () => {
    const signal = AbortSignal.abort();
    let seen: AbortSignal | undefined;
    const { serverPort } = await serveApp((environ, start_response) => {
      environ['node.abort_signal'] = signal;
      seen = { ...environ }['node.abort_signal'];
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    await peer.response();
    expect(seen).to.equal(signal);
  });

  it('gathers no listeners over 1,000 requests of one connection that each add one', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    let most = 0;
    const server = await serveApp((environ, start_response) => {
      const signal = environ['node.abort_signal'];
      signal.addEventListener('abort', () => {});
      most = Math.max(most, getEventListeners(signal, 'abort').length);
      return answer(start_response, '');
    });
    const listeners: number[] = [];
    server.http.on('connection', (connection) => {
      server.http.on('request', () => {
        const counts = connection.eventNames().map((name) => connection.listenerCount(name));
        listeners.push(counts.reduce((sum, count) => sum + count, 0));
      });
    });
    const peer = await Peer.connect(server.serverPort);
    for (let i = 1; i <= 20; i++) {
      await peer.send(request().repeat(50));
      await peer.responses(i * 50);
    }
    process.removeListener('warning', onWarning);
    expect(most).to.equal(1);
    expect(Math.max(...listeners)).to.be.below(30);
    expect(warnings).to.deep.equal([]);
  });
});
