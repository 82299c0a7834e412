/** Small blocks of an iterable that does not wait: none is changed, and none is held while the application takes its time. */
import { connect, Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import type { Application, Bytes } from '../../../lib/environ/types.js';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';
import { gate, until } from '../../support/until.js';

/** Takes a response in a thread, and says when it has the word. */
const READER = `
  const { port, word, flag } = require('node:worker_threads').workerData;
  const socket = require('node:net').connect(port, '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n');
  });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
    if (!text.includes(word)) return;
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
  socket.on('error', () => {});
`;

const start = (start_response: Parameters<Application>[1], ...headers: [string, string][]) =>
  start_response('200 OK', [['Content-Type', 'text/plain'], ...headers]);

describe('a burst of small blocks', () => {
  const { setNoDelay } = Socket.prototype;
  /** What Nagle's algorithm was turned to. */
  let events: string[];

  beforeEach(() => {
    events = [];
    Socket.prototype.setNoDelay = function (noDelay) {
      // Those of clients have no server.
      if ((this as { server?: unknown }).server) events.push(noDelay ? 'off' : 'on');
      return setNoDelay.call(this, noDelay);
    };
  });
  afterEach(async () => {
    Socket.prototype.setNoDelay = setNoDelay;
    closePeers();
    await closeServers();
  });

  for (const count of [1, 2, 3, 60]) {
    it(`is with the client before the application, after ${count} of them, goes on from a pause`, async () => {
      const flag = new Int32Array(new SharedArrayBuffer(4));
      let read: boolean | undefined;
      const server = await serveApp(function* (_environ, start_response) {
        start(start_response);
        for (let i = 1; i < count; i++) yield Buffer.from(`${i} `);
        yield Buffer.from('last');
        read = Atomics.wait(flag, 0, 0, 15_000) !== 'timed-out';
        yield Buffer.from('more');
      });
      const worker = new Worker(READER, {
        eval: true,
        workerData: { port: server.serverPort, word: 'last', flag },
      });
      await until(() => read !== undefined);
      await worker.terminate();
      expect(read).to.equal(true);
    });
  }

  /** Blocks of all sizes, more of them than there are in a turn. */
  function* sizes(): Generator<Buffer> {
    for (let i = 0; i < 500; i++) yield Buffer.alloc(1 + ((i * 37) % 300), i);
    for (const size of [8191, 8192, 8193, 70_000, 1, 2]) yield Buffer.alloc(size, size);
  }
  const whole = Buffer.concat([...sizes()]);

  for (const [what, headers, text, options] of [
    ['in chunks', [], request(), {}],
    ['with a Content-Length', [['Content-Length', String(whole.length)]], request(), {}],
    ['to HTTP/1.0', [], 'GET / HTTP/1.0\r\n\r\n', {}],
    ['over TLS', [], request(), TLS],
  ] as [string, [string, string][], string, ServerOptions][]) {
    it(`arrives as it was, ${what}`, async () => {
      const server = await serveApp((_environ, start_response) => {
        start(start_response, ...headers);
        return sizes();
      }, options);
      const peer = await Peer.connect(server.serverPort, { tls: options === TLS });
      await peer.send(text);
      if (text.includes('1.0')) await peer.closed();
      expect((await peer.response()).body.equals(whole)).to.equal(true);
    });
  }

  it('is bounded where the client does not read, and goes on when it does', async () => {
    const block = Buffer.alloc(4096, 'b');
    const BLOCKS = 10_000;
    let given = 0;
    const server = await serveApp(function* (_environ, start_response) {
      start(start_response);
      for (; given < BLOCKS; given++) yield block;
    });
    const socket = connect(server.serverPort, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.pause();
    let before = -1;
    // The kernel takes megabytes, and then no more.
    await until(async () => {
      const stands = given > 0 && given === before;
      before = given;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return stands;
    });
    expect(given).to.be.below(BLOCKS);
    let got = 0;
    for await (const chunk of socket) got += (chunk as Buffer).length;
    expect(got).to.be.above(BLOCKS * block.length);
    expect(given).to.equal(BLOCKS);
  });

  for (const [what, wait] of [
    ['a promise', (open: Promise<void>) => open.then(() => ({ done: true, value: undefined }))],
    ['empty blocks', () => ({ done: false, value: Buffer.alloc(0) })],
  ] as [string, (open: Promise<void>) => IteratorResult<Bytes>][]) {
    it(`holds nothing back while ${what} may take long`, async () => {
      let go = gate();
      const server = await serveApp((_environ, start_response) => {
        let left = 20;
        let isOpen = false;
        const { promise } = go;
        void promise.then(() => {
          isOpen = true;
        });
        start(start_response);
        const next = () => {
          if (left-- > 0) return { done: false, value: Buffer.from(`${left} `) };
          return isOpen ? { done: true, value: undefined } : wait(promise);
        };
        return { [Symbol.iterator]: () => ({ next }) } as Iterable<Bytes>;
      });
      // Where the machine is slow, blocks may not come fast enough.
      await until(async () => {
        go = gate();
        const peer = await Peer.connect(server.serverPort);
        await peer.send(request());
        await peer.got('\r\n0 \r\n');
        expect(events.at(-1)).to.be.oneOf(['off', undefined]);
        go.open();
        await peer.response();
        return events.includes('on');
      });
      expect(events.filter((event) => event === 'on').length).to.equal(
        events.filter((event) => event === 'off').length,
      );
    });
  }

  it('leaves the connection as it was, for what comes after it', async () => {
    const server = await serveApp((environ, start_response) => {
      start(
        start_response,
        ...(environ.QUERY_STRING === '' ? [] : [['Content-Length', '40'] as [string, string]]),
      );
      return (function* () {
        for (let i = 0; i < 40; i++) yield Buffer.from('x');
      })();
    });
    const peer = await Peer.connect(server.serverPort);
    let answers = 0;
    await until(async () => {
      await peer.send(request(answers % 2 === 0 ? '/' : '/?length'));
      expect(String((await peer.responses(++answers))[answers - 1]?.body)).to.equal('x'.repeat(40));
      expect(events.at(-1)).to.be.oneOf(['off', undefined]);
      return answers > 1 && events.includes('on');
    });
  });
});
