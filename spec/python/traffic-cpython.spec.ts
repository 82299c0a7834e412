/** Random traffic to Python: what comes is intact, whatever other clients do and whichever process is killed. */
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { ROOT } from '../support/source.js';

const CLIENTS = 8;
const ROUNDS = 25;
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
    async function expectText(
      path: string,
      expected: (text: string) => boolean,
      body?: Buffer,
    ): Promise<void> {
      const init = body === undefined ? {} : { method: 'POST', body };
      const answer = await fetch(address + path, init)
        .then(async (response) => ({ status: response.status, text: await response.text() }))
        .catch(() => undefined);
      // A killed process takes its requests with it.
      if (answer === undefined || answer.status === 500) return;
      if (answer.status === 200 && expected(answer.text)) whole++;
      else wrong.push(`${path}: ${answer.status} ${answer.text.slice(0, 40)}`);
    }
    async function client(number: number): Promise<void> {
      const random = randomFrom(seed + number);
      for (let round = 0; round < ROUNDS; round++) {
        const kind = random();
        const size = Math.floor(random() * 300_000);
        const blocks = Math.floor(random() * 12);
        if (kind < 0.3) await expectText('/count', (text) => text === String(size), Buffer.alloc(size));
        else if (kind < 0.6) await expectText(`/blocks?${blocks}`, ({ length }) => length === blocks * BLOCK);
        else if (kind < 0.75) await leave(`${address}/blocks?100`, undefined);
        else if (kind < 0.85) await leave(`${address}/count`, Buffer.alloc(5000));
        else if (kind < 0.98) await expectText('/x', (text) => text.startsWith('hello'));
        else await expectText('/ends-process', () => false);
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
  });
});
