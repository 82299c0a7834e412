/** Handlers in threads: all that waits blocks, and gives plain values. */
import { expect } from 'chai';
import { exchange, Peer, request } from '../../support/peer.js';
import { until } from '../../support/until.js';
import { Threads } from './support.js';

describe('a handler in a thread', () => {
  let threads: Threads;
  before(async () => {
    threads = await Threads.start({ threads: 3 });
  });
  beforeEach(() => threads.clear());
  after(() => threads.stop());

  it('sees the flags of PEP 3333 for memory of its own, and the environ of its own run()', async () => {
    expect(await (await threads.fetch('/flags')).json()).to.deep.equal([
      false,
      true,
      false,
      false,
      'of the thread',
    ]);
  });

  it('shares no variable with those of other threads', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => threads.fetch('/count')));
    const seen = (await Promise.all(answers.map((answer) => answer.json()))) as [number, number][];
    const counts = new Map<number, number[]>();
    for (const [thread, count] of seen) counts.set(thread, [...(counts.get(thread) ?? []), count]);
    for (const own of counts.values()) {
      expect(own.toSorted((a, b) => a - b)).to.deep.equal(own.map((_, i) => i + 1));
    }
  });

  for (const transfer of ['with a length', 'in chunks']) {
    it(`reads wsgi.input ${transfer} by size, by line, by lines and by iteration`, async () => {
      const text = 'abcdef\nghi\njk\nl\nm\nn';
      const body = transfer === 'in chunks' ? new Blob([text]).stream() : text;
      const answer = await threads.fetch('/input', { method: 'POST', body, duplex: 'half' } as RequestInit);
      const expected = ['abc', 'def\n', 'gh', 'i\n', 'jk\n', 'l\n', 'm\n', 'n', ''];
      expect(await answer.json()).to.deep.equal(expected);
    });
  }

  it('gets undefined from write(), which has blocked until there was room', async () => {
    expect(await threads.text('/write')).to.equal('one two [true,true]');
  });

  it('sends a file of wsgi.file_wrapper, and closes it', async () => {
    expect(await threads.text('/file')).to.match(/^(?:at most \d+\n){3}$/);
    await threads.wrote('file closed');
    expect(threads.record).to.deep.equal(['file closed']);
  });

  it('may await all the same', async () => {
    expect(await threads.text('/await', { method: 'POST', body: 'bytes' })).to.equal('waited for bytes');
    expect(await threads.text('/await-generator')).to.equal('abc');
  });

  it('may leave timers, which run while its thread has nothing to do', async () => {
    expect(await threads.text('/later')).to.equal('done');
    await threads.wrote('the timer ran');
  });

  it('sends early hints ahead of its answer', async () => {
    const { interim, responses } = await threads.send('GET /hints HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(interim.map(({ status }) => status)).to.deep.equal([103]);
    expect(responses[0]?.body.toString()).to.equal('hinted');
  });

  it('asks for a body that waits for 100 Continue only when it reads', async () => {
    const head = 'Host: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
    const unread = await threads.send(`POST /hello HTTP/1.1\r\n${head}`);
    expect(unread.interim).to.deep.equal([]);
    expect(unread.responses[0]?.status).to.equal(200);
    const options = { port: threads.port, send: `POST /echo HTTP/1.1\r\n${head}`, follow: 'ok' };
    const read = await exchange(options);
    expect(read.interim.map(({ status }) => status)).to.deep.equal([100]);
    expect(read.responses[0]?.body.toString()).to.equal('ok');
  });

  it('answers requests of one connection in their order', async () => {
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
    const all = request('/hello') + request('/long-head?10') + request('/hello');
    const { responses } = await threads.send(all, { responses: 3 });
    expect(responses.map(({ body }) => body.toString())).to.deep.equal(['hello', '0', 'hello']);
  });

  const sizes = [0, 1, 8191, 8192, 8193, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 1_048_577];
  it('answers a client that first sends a body that is not read, and then reads', async () => {
    const peer = await Peer.connect(threads.port, { paused: true });
    await peer.send(request('/hello', { method: 'POST', headers: ['Content-Length: 20000000'] }));
    await peer.send(Buffer.alloc(20_000_000));
    peer.socket.resume();
    expect(String((await peer.response('POST')).body)).to.equal('hello');
    await peer.closed();
    expect(peer.error).to.equal(undefined);
  });

  it('gets all of a body that came in pieces while its request waited for another', async () => {
    const peer = await Peer.connect(threads.port);
    await peer.send(
      request('/gate?pieces') + request('/echo', { method: 'POST', headers: ['Content-Length: 9'] }),
    );
    await threads.wrote('gate pieces');
    const socket = [...threads.sockets].at(-1);
    for (const piece of ['abc', 'def', 'ghi']) {
      const before = socket?.bytesRead ?? 0;
      await peer.send(piece);
      // In a packet of its own.
      await until(() => socket?.bytesRead === before + 3);
    }
    threads.open('pieces');
    const [, second] = await peer.responses(2);
    expect(String(second?.body)).to.equal('abcdefghi');
    peer.socket.destroy();
  });

  for (const path of ['/echo', '/chunks']) {
    it(`takes and gives bodies of all sizes, ${path === '/echo' ? 'at once' : 'in two blocks'}`, async () => {
      for (const size of sizes) {
        const body = Buffer.from(Array.from({ length: size }, (_, i) => i % 251));
        const answer = await threads.fetch(path, { method: 'POST', body });
        const got = Buffer.from(await answer.arrayBuffer());
        expect(got.equals(body), `${size} bytes`).to.equal(true);
      }
    });
  }

  it('takes request heads, and gives response heads, of all sizes', async () => {
    for (const size of [10, 16_000, 16_384, 16_500, 50_000, 300_000]) {
      const asked = Math.min(size, 50_000);
      const head = `POST /long-head?${size} HTTP/1.1\r\nHost: h\r\nX-Long: ${'r'.repeat(asked)}\r\n`;
      const { responses } = await threads.send(`${head}Content-Length: 1\r\n\r\nb`);
      expect(responses[0]?.headers['x-long']).to.have.length(size);
      expect(responses[0]?.body.toString()).to.equal(String(asked));
    }
  });
});
