/** Random traffic to Pyodide: what comes is intact, whatever other clients do and whichever thread ends. */
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { APPLICATIONS } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { ask, bytesFrom, type Expected, hashOf, isText, isWhole, leave, randomFrom } from './traffic.js';

const CLIENTS = 6;
const ROUNDS = 12;
const BLOCK = 65536;

describe('random traffic to Pyodide', function () {
  this.timeout(240_000);
  const app = fromPython('behaviour:application', {
    chdir: APPLICATIONS,
    python: 'pyodide',
    threads: 2,
    timeout: 0,
  });
  before(() => app.ready);
  afterEach(closeServers);
  after(() => app.close());

  it('is answered in full, or not at all by a thread that ended', async () => {
    const seed = Date.now() % 1_000_000;
    const { address } = await serveApp(app, { timeout: 0 });
    const wrong: string[] = [];
    let whole = 0;
    let left = 0;
    async function expectBytes(path: string, expected: Expected, body?: Buffer): Promise<void> {
      const answer = await ask(address + path, body);
      if (answer?.status === 200 && expected(answer.bytes, answer.headers)) whole++;
      else wrong.push(`${path}: ${answer?.status} ${answer?.bytes.subarray(0, 40)}`);
    }
    async function client(number: number): Promise<void> {
      const random = randomFrom(seed + number);
      for (let round = 0; round < ROUNDS; round++) {
        const kind = random();
        const size = Math.floor(random() * 300_000);
        const blocks = Math.floor(random() * 12);
        const body = bytesFrom(random, size);
        if (kind < 0.2) await expectBytes(`/digest?${1 + (size % 5000)}`, isText(hashOf(body)), body);
        else if (kind < 0.4) await expectBytes('/echoes', (bytes) => bytes.equals(body), body);
        else if (kind < 0.5) await expectBytes(`/pattern?${size % 90_000}&${1 + (size % 30_000)}`, isWhole);
        else if (kind < 0.65)
          await expectBytes(`/blocks?${blocks}`, ({ length }) => length === blocks * BLOCK);
        else if (kind < 0.9) {
          if (kind < 0.78) await leave(`${address}/blocks?100`, undefined);
          else await leave(`${address}/digest`, Buffer.alloc(5000));
          left++;
        } else await expectBytes('/x', (bytes) => bytes.toString().startsWith('hello'));
      }
      // One thread ends in the middle of what the others do.
      if (number === 0) expect((await ask(`${address}/ends-process`))?.status).to.equal(500);
    }
    const log = await captureLog(async () => {
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
      // Every thread is free again.
      const last = await Promise.all(Array.from({ length: 8 }, () => fetch(`${address}/x`)));
      expect(last.map(({ status }) => status)).to.deep.equal(Array(8).fill(200));
    });
    expect(wrong, `seed ${seed}`).to.deep.equal([]);
    expect(whole, `seed ${seed}`).to.be.above(15);
    expect(left, `seed ${seed}`).to.be.above(0);
    expect(log, `seed ${seed}`).to.match(/The thread ended: exit code \d+/);
  });
});
