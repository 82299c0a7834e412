/** A client that leaves while its handler blocks. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { SharedLog, Threads } from './support.js';

describe('a client that leaves', () => {
  let threads: Threads;
  let log: SharedLog;
  before(async () => {
    log = new SharedLog();
    threads = await Threads.start({ threads: 1, errorLogfile: log.errorLogfile });
  });
  beforeEach(() => threads.clear());
  after(() => threads.stop());

  async function leave(request: string, when: string): Promise<void> {
    const socket: Socket = connect(threads.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(request);
    await threads.wrote(when);
    // A client that only says that it sends no more may still read.
    socket.resetAndDestroy();
  }

  const cases: Record<string, [request: string, when: string, then: string]> = {
    'while it sleeps': [
      'GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n',
      'sleeping',
      'sleep threw ClientDisconnected',
    ],
    'while it reads': [
      'POST /read-all HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc',
      'reading',
      'read threw ClientDisconnected',
    ],
    'while it writes': [
      'GET /forever-write HTTP/1.1\r\nHost: h\r\n\r\n',
      'forever',
      'write threw ClientDisconnected',
    ],
  };
  for (const [name, [request, when, then]] of Object.entries(cases)) {
    it(`${name} is told to the handler by an error, and frees the thread`, async () => {
      await leave(request, when);
      await threads.wrote(then);
      expect(await threads.text('/hello')).to.equal('hello');
      expect(log.text, 'it is no fault of the application').to.equal('');
    });
  }

  it('while it yields gets the iterable closed, once', async () => {
    await leave('GET /forever HTTP/1.1\r\nHost: h\r\n\r\n', 'forever');
    await threads.wrote('closed');
    expect(await threads.text('/hello')).to.equal('hello');
    expect(threads.record).to.deep.equal(['forever', 'returned', 'closed']);
  });

  it('while it waits on the event loop is told there', async () => {
    const socket = connect(threads.port, '127.0.0.1');
    socket.write('GET /never HTTP/1.1\r\nHost: h\r\n\r\n');
    await threads.wrote('never');
    socket.resetAndDestroy();
    expect(await threads.text('/hello')).to.equal('hello');
  });

  it('half, by sending no more, still gets its answer, and the signal of its handler fires', async () => {
    const socket = connect({ port: threads.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write('GET /signal HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    await threads.wrote('signal');
    socket.end();
    let text = '';
    for await (const data of socket) text += data;
    expect(text).to.match(/^HTTP\/1\.1 200 OK.*aborted$/s);
  });

  it('while it waits on the event loop makes its signal fire, and none of the requests before', async () => {
    for (let round = 0; round < 20; round++) {
      threads.clear();
      const socket = connect(threads.port, '127.0.0.1');
      socket.on('error', () => {});
      for (const path of ['/keep', '/keep']) {
        socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
        await once(socket, 'data');
      }
      socket.write('GET /signal HTTP/1.1\r\nHost: h\r\n\r\n');
      await threads.wrote('signal');
      socket.resetAndDestroy();
      // The only thread is free only when the handler has gone on.
      expect(await threads.text('/kept')).to.equal('[false,false]');
    }
  });

  it('by the hundred, at any moment, leaves the threads as they were', async () => {
    const paths = ['/hello', '/forever', '/forever-write', '/sleep', '/read-all', '/count'];
    for (let i = 0; i < 200; i++) {
      const socket = connect(threads.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`GET ${paths[i % paths.length]} HTTP/1.1\r\nHost: h\r\n\r\n`);
      if (i % 3 > 0) await new Promise((resolve) => setTimeout(resolve, i % 3));
      socket.resetAndDestroy();
    }
    expect(await threads.text('/hello')).to.equal('hello');
  });
});
