/** Random traffic to Python: what comes is intact, whatever other clients do and whichever process is killed. */
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { APPLICATIONS, requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';
import { ask, bytesFrom, type Expected, hashOf, isText, isWhole, leave, randomFrom } from './traffic.js';

const CLIENTS = 8;
const ROUNDS = 15;
const BLOCK = 65536;

describe('random traffic to Python', () => {
  const app = fromPython('behaviour:application', {
    chdir: APPLICATIONS,
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
      // Every thread is free again, once the end of the last process was noticed.
      await until(async () => {
        const last = await Promise.all(Array.from({ length: 16 }, () => fetch(`${address}/x`)));
        return last.every(({ status }) => status === 200);
      }, 'answers of all threads');
    });
    expect(wrong, `seed ${seed}`).to.deep.equal([]);
    expect(whole, `seed ${seed}`).to.be.above(20);
    expect(killed, `seed ${seed}`).to.be.above(0);
  });
});
