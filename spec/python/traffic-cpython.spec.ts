/** Random traffic to Python: what comes is intact, whatever other clients do and whichever process is killed. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { ROOT } from '../support/source.js';

const CLIENTS = 8;
const ROUNDS = 15;
const BLOCK = 65536;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Expected = (bytes: Buffer, headers: IncomingHttpHeaders) => boolean;

/**
 * Undefined for an answer that did not come, or was cut: `fetch` of Node 20 takes a chunked body that is cut for a whole
 * one, where the connection was to close after it.
 */
function ask(url: string, body?: Buffer) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; bytes: Buffer } | undefined>(
    (resolve) => {
      const message = request(url, { method: body === undefined ? 'GET' : 'POST', agent: false });
      message.on('error', () => resolve(undefined));
      message.once('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        const blocks: Buffer[] = [];
        response.on('data', (block: Buffer) => blocks.push(block));
        response.on('error', () => resolve(undefined));
        response.once('close', () =>
          resolve(response.complete ? { status, headers, bytes: Buffer.concat(blocks) } : undefined),
        );
      });
      message.end(body);
    },
  );
}

function bytesFrom(random: () => number, size: number): Buffer {
  const start = Math.floor(random() * 2 ** 32);
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (start + index * 2_654_435_761) >>> 24));
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isText(text: string): Expected {
  return (bytes) => bytes.toString() === text;
}

/** Its hash came before it. */
function isWhole(bytes: Buffer, headers: IncomingHttpHeaders): boolean {
  return hashOf(bytes) === headers['x-digest'];
}

describe('random traffic to Python', () => {
  const app = fromPython('behaviour:application', {
    chdir: join(ROOT, 'spec', 'python', 'applications'),
    python: 'python3',
    threads: 4,
    workers: 2,
    timeout: 0,
  });
  before(async function () {
    requirePython(this);
    await app.ready;
  });
  afterEach(closeServers);
  after(() => app.close());

  /** Opens a request, and leaves once it has begun. */
  async function leave(url: string, body: Buffer | undefined): Promise<void> {
    const headers = body === undefined ? {} : { 'Content-Length': String(body.length * 2) };
    const message = request(url, { method: body === undefined ? 'GET' : 'POST', headers });
    message.on('error', () => undefined);
    if (body === undefined) message.end();
    else await new Promise<void>((resolve) => message.write(body, () => resolve()));
    if (body === undefined) await Promise.race([once(message, 'response'), once(message, 'close')]);
    message.destroy();
  }

  it('is answered in full, by 500 or not at all', async () => {
    const seed = Date.now() % 1_000_000;
    const { address } = await serveApp(app);
    const wrong: string[] = [];
    let whole = 0;
    let killed = 0;
    async function expectBytes(path: string, expected: Expected, body?: Buffer): Promise<void> {
      const answer = await ask(address + path, body);
      // A killed process takes its requests with it.
      if (answer === undefined || answer.status === 500) return;
      if (answer.status === 200 && expected(answer.bytes, answer.headers)) whole++;
      else wrong.push(`${path}: ${answer.status} ${answer.bytes.length} ${answer.bytes.subarray(0, 40)}`);
    }
    /** From outside, and with whatever it is doing. */
    async function kill(): Promise<void> {
      const pid = await fetch(`${address}/whoami`).then(
        (response) => response.text(),
        () => '',
      );
      if (!/^\d+$/.test(pid)) return;
      try {
        process.kill(Number(pid), 'SIGKILL');
        killed++;
      } catch {
        // Another client was faster.
      }
    }
    async function client(number: number): Promise<void> {
      const random = randomFrom(seed + number);
      for (let round = 0; round < ROUNDS; round++) {
        if (number === 0 && round % 7 === 6) await kill();
        const kind = random();
        const size = Math.floor(random() * 300_000);
        const blocks = Math.floor(random() * 12);
        const body = bytesFrom(random, size);
        if (kind < 0.2) await expectBytes(`/digest?${1 + (size % 5000)}`, isText(hashOf(body)), body);
        else if (kind < 0.35) await expectBytes('/echoes', (bytes) => bytes.equals(body), body);
        else if (kind < 0.5) await expectBytes(`/pattern?${size % 90_000}&${1 + (size % 30_000)}`, isWhole);
        else if (kind < 0.65)
          await expectBytes(`/blocks?${blocks}`, ({ length }) => length === blocks * BLOCK);
        else if (kind < 0.75) await leave(`${address}/blocks?100`, undefined);
        else if (kind < 0.85) await leave(`${address}/digest`, Buffer.alloc(5000));
        else if (kind < 0.95) await expectBytes('/x', (bytes) => bytes.toString().startsWith('hello'));
        else if (kind < 0.97) await kill();
        else await expectBytes('/ends-process', () => false);
      }
    }
    await captureLog(async () => {
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
      // Every thread is free again.
      const last = await Promise.all(Array.from({ length: 16 }, () => fetch(`${address}/x`)));
      expect(last.map(({ status }) => status)).to.deep.equal(Array(16).fill(200));
    });
    expect(wrong, `seed ${seed}`).to.deep.equal([]);
    expect(whole, `seed ${seed}`).to.be.above(20);
    expect(killed, `seed ${seed}`).to.be.above(0);
  });
});
