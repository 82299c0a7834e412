/** What an HTTP client can make a server keep: requests, fields, trailers, parts of forms. All of it has an end. */
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { type Form, parseForm } from '../../lib/environ/form/form.js';
import type { Application } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { closeServers, serveApp } from '../support/serve.js';
import { gate, until } from '../support/until.js';

const MEGABYTE = 1 << 20;
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('an HTTP client', () => {
  let server: Server;
  let socket: Socket;
  let calls = 0;
  let held: ReturnType<typeof gate> | undefined;

  const app: Application = async (environ, start_response) => {
    calls++;
    await held?.promise;
    const size = (await environ['wsgi.input'].read()).length;
    start_response('200 OK', []);
    return [Buffer.from(`${size} ${environ['HTTP_COOKIE']?.length ?? 0}`)];
  };

  before(async () => {
    server = await serveApp(app);
    server.http.on('connection', (one) => {
      socket = one;
    });
  });

  beforeEach(() => {
    calls = 0;
    held = undefined;
  });

  afterEach(closePeers);
  after(closeServers);

  /** Sends, as far as the server takes it; gives the status of the last response and the body. */
  async function answer(parts: Iterable<string>): Promise<[status: number, body: string]> {
    const peer = await Peer.connect(server.serverPort);
    for (const part of parts) {
      if (peer.ended || peer.text !== '') break;
      await Promise.race([peer.send(part), peer.closed()]);
    }
    const response = await peer.response();
    return [response.status, response.body.toString()];
  }

  function* repeat(first: string, part: string, count: number): Generator<string> {
    yield first;
    for (let i = 0; i < count; i++) yield part;
  }

  it('that sends requests after a slow one has to wait', async () => {
    held = gate();
    const peer = await Peer.connect(server.serverPort);
    const many = request('/').repeat(Math.ceil(MEGABYTE / request('/').length));
    for (let i = 0; i < 32; i++) peer.socket.write(many);
    let read = -1;
    await until(async () => {
      const same = read === socket.bytesRead && calls > 0;
      read = socket.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return same;
    });
    expect(read).to.be.below(MEGABYTE / 4);
    expect(calls).to.equal(1);
    const serving = socket;
    peer.socket.destroy();
    serving.destroy();
    held.open(undefined);
  });

  const endless: Record<string, [parts: () => Iterable<string>, status: number[]]> = {
    'a request line': [() => repeat('GET /', 'a'.repeat(10_000), 1000), [414]],
    'a name of a header': [() => repeat('GET / HTTP/1.1\r\nHost: a\r\n', 'a'.repeat(10_000), 1000), [431]],
    'a value of a header': [() => repeat('GET / HTTP/1.1\r\nX: ', 'a'.repeat(10_000), 1000), [431]],
    'empty lines before a request': [() => repeat('', '\r\n'.repeat(5000), 1000), [431]],
    'spaces before the target': [() => repeat('GET ', ' '.repeat(10_000), 1000), [431]],
    'spaces before a value': [() => repeat('GET / HTTP/1.1\r\nX:', ' '.repeat(10_000), 1000), [431]],
    headers: [() => repeat('GET / HTTP/1.1\r\n', 'X: y\r\n'.repeat(1000), 1000), [431]],
    'a chunk extension': [() => repeat(`${CHUNKED}1;`, 'a'.repeat(10_000), 1000), [413]],
    'a trailer': [() => repeat(`${CHUNKED}0\r\nX: `, 'a'.repeat(10_000), 1000), [431]],
    trailers: [() => repeat(`${CHUNKED}0\r\n`, 'X: y\r\n'.repeat(1000), 1000), [431]],
  };

  for (const [what, [parts, allowed]] of Object.entries(endless)) {
    it(`that sends ${what} without end is refused`, async () => {
      const before = process.memoryUsage().rss;
      const [status] = await answer(parts());
      expect(allowed).to.include(status);
      expect(process.memoryUsage().rss - before).to.be.below(64 * MEGABYTE);
    });
  }

  // The parser throws these away: they cost the server no memory, and end with the time for a request.
  for (const [what, first, part, rest] of [
    ['zeros before a chunk size', CHUNKED, '0'.repeat(10_000), '1\r\nx\r\n0\r\n\r\n'],
    ['short chunk extensions', CHUNKED, `1;${'a'.repeat(1000)}\r\nx\r\n`, '0\r\n\r\n'],
  ] as const) {
    it(`that sends ${what} makes it keep none of them`, async () => {
      const before = process.memoryUsage().rss;
      const [status] = await answer([...repeat(first, part, 2000), rest]);
      expect(status).to.be.oneOf([200, 400, 413]);
      expect(process.memoryUsage().rss - before).to.be.below(64 * MEGABYTE);
    });
  }

  it('that sends thousands of cookies in a field is served, and in fields is refused', async () => {
    const cookies = 'a=b; '.repeat(12_000);
    expect(await answer([request('/', { headers: [`Cookie: ${cookies}`] })])).to.deep.equal([
      200,
      `0 ${cookies.trim().length}`,
    ]);
    const fields = Array.from({ length: 200 }, (_, i) => `Cookie: a${i}=b`);
    expect((await answer([request('/', { headers: fields })]))[0]).to.equal(431);
  });

  it('that sends a body in chunks of a byte costs little more', async () => {
    const count = 200_000;
    const start = process.cpuUsage();
    const [status, body] = await answer([CHUNKED, '1\r\nx\r\n'.repeat(count), '0\r\n\r\n']);
    expect([status, body]).to.deep.equal([200, `${count} 0`]);
    // Quadratic, it would be minutes.
    expect(process.cpuUsage(start).user).to.be.below(10_000_000);
  });

  describe('that sends a form', () => {
    const folder = { uploadDir: '/nowhere' };
    const part = (name: string, extra = '', value = 'x') =>
      `--b\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n${value}\r\n`;

    const forms: Record<string, [type: string, body: string]> = {
      'of too many parts': ['boundary=b', part('a').repeat(1001)],
      'of a too long name': ['boundary=b', part('a'.repeat(1025))],
      'of a too long value': ['boundary=b', part('a', '', 'x'.repeat(500_001))],
      'of too long values': ['boundary=b', part('a', '', 'x'.repeat(400_000)).repeat(7)],
      'of a part with a too long header': ['boundary=b', `--b\r\nX: ${'a'.repeat(MEGABYTE)}\r\n\r\nx\r\n`],
      'of a part with too many headers': ['boundary=b', `--b\r\n${'X: a\r\n'.repeat(50_000)}\r\nx\r\n`],
      'with a too long boundary': [`boundary=${'b'.repeat(300)}`, ''],
      'with an empty boundary': ['boundary=""', ''],
      'that never begins': ['boundary=b', 'x'.repeat(3 * MEGABYTE)],
      'that never ends': ['boundary=b', part('a')],
    };

    async function parse(type: string, body: string): Promise<Form> {
      let rest = Buffer.from(`${body}`, 'latin1');
      const read = async (size = 0) => {
        const block = rest.subarray(0, size);
        rest = rest.subarray(size);
        return block;
      };
      return parseForm({ CONTENT_TYPE: type, 'wsgi.input': { read } as never }, folder);
    }

    async function failure(type: string, body: string): Promise<{ status?: number }> {
      try {
        await parse(type, body);
      } catch (error) {
        return error as { status?: number };
      }
      throw new Error('it was taken');
    }

    for (const [what, [type, body]] of Object.entries(forms)) {
      it(`${what} is refused`, async () => {
        const start = process.cpuUsage();
        const { status } = await failure(`multipart/form-data; ${type}`, body);
        expect(status).to.be.oneOf([400, 413]);
        expect(process.cpuUsage(start).user).to.be.below(5_000_000);
      });
    }

    it('of too many fields is refused, and of as many as may be is not', async () => {
      const type = 'application/x-www-form-urlencoded';
      expect((await failure(type, 'a=b&'.repeat(1001))).status).to.equal(413);
      expect((await failure(type, `a=${'x'.repeat(500_001)}`)).status).to.equal(413);
      expect((await failure(type, 'a'.repeat(3 * MEGABYTE))).status).to.equal(413);
      expect((await parse(type, 'a=b&'.repeat(1000))).fields.size).to.equal(1000);
      // Nothing between the marks is not a field.
      expect((await parse(type, '&'.repeat(MEGABYTE))).fields.size).to.equal(0);
    });
  });
});
