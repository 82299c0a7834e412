/** A client that leaves while its handler blocks. */
import { expect } from 'chai';
import { closePeers, request as get, Peer } from '../../support/peer.js';
import { SharedLog, Threads } from './support.js';

describe('a client that leaves', () => {
  let threads: Threads;
  let log: SharedLog;
  before(async () => {
    log = new SharedLog();
    threads = await Threads.start({ threads: 1, errorLogfile: log.errorLogfile });
  });
  beforeEach(() => threads.clear());
  afterEach(closePeers);
  after(() => threads.stop());

  async function leave(request: string, when: string): Promise<void> {
    const peer = await Peer.connect(threads.port);
    await peer.send(request);
    await threads.wrote(when);
    // A client that only says that it sends no more may still read.
    peer.reset();
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
    await leave(get('/never'), 'never');
    expect(await threads.text('/hello')).to.equal('hello');
  });

  it('half, by sending no more, still gets its answer, and the signal of its handler fires', async () => {
    const peer = await Peer.connect(threads.port);
    await peer.send(get('/signal', { headers: ['Connection: close'] }));
    await threads.wrote('signal');
    peer.halfClose();
    await peer.closed();
    expect(peer.text).to.match(/^HTTP\/1\.1 200 OK.*aborted$/s);
  });

  it('while it waits on the event loop makes its signal fire, and none of the requests before', async () => {
    for (let round = 0; round < 20; round++) {
      threads.clear();
      const peer = await Peer.connect(threads.port);
      for (const count of [1, 2]) {
        await peer.send(get('/keep'));
        await peer.responses(count);
      }
      await peer.send(get('/signal'));
      await threads.wrote('signal');
      peer.reset();
      // The only thread is free only when the handler has gone on.
      expect(await threads.text('/kept')).to.equal('[false,false]');
    }
  });

  it('by the hundred, at any moment, leaves the threads as they were', async () => {
    const paths = ['/hello', '/forever', '/forever-write', '/sleep', '/read-all', '/count'];
    for (let i = 0; i < 200; i++) {
      const peer = await Peer.connect(threads.port);
      void peer.send(get(paths[i % paths.length]));
      if (i % 3 > 0) await new Promise((resolve) => setTimeout(resolve, i % 3));
      peer.reset();
    }
    expect(await threads.text('/hello')).to.equal('hello');
  });
});
