/** Thousands of requests that are none: each gets a response or the end of its connection, and nothing else happens. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Application } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import { answerTo, mutated, requests, statusesOf } from '../support/fuzz.js';
import { LeakWatch } from '../support/leaks.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

/** Of fast-check, which prints it with the case that failed. */
const SEED = 20_251_121;
const BATCHES = 60;
const BATCH = 25;

const vectors = JSON.parse(readFileSync(new URL('../vectors/requests.json', import.meta.url), 'utf8')) as {
  raw_latin1: string;
}[];
/** Without those of a megabyte. */
const originals = vectors.map((vector) => vector.raw_latin1).filter((raw) => raw.length < 4000);

describe('requests by the thousand', function () {
  this.timeout(60_000);
  let server: Server;
  let calls = 0;

  const app: Application = async (environ, start_response) => {
    calls++;
    for (const key of Object.keys(environ)) {
      if (!/^[A-Za-z_.0-9!#$%&'*+^`|~-]+$/.test(key))
        throw new Error(`A key of environ is ${JSON.stringify(key)}`);
    }
    const length = (await environ['wsgi.input'].read()).length;
    start_response('200 OK', [['X-Read', String(length)]]);
    return [Buffer.from('answer')];
  };

  before(async () => {
    server = await serveApp(app, { timeout: 2 });
  });

  beforeEach(() => {
    calls = 0;
  });

  after(closeServers);

  const kinds = {
    'by the grammar, with mistakes': requests,
    'from the vectors, changed': mutated(originals),
  };

  for (const [what, one] of Object.entries(kinds)) {
    it(`${what}, do no harm`, async () => {
      const seen = new Set<number>();
      const log = await captureLog(async () => {
        const watch = await LeakWatch.begin(server);
        const batches = fc.array(one, { minLength: BATCH, maxLength: BATCH });
        const property = fc.asyncProperty(batches, async (batch) => {
          const answers = await Promise.all(batch.map((raw) => answerTo(server.serverPort, raw)));
          for (const status of answers.flatMap(statusesOf)) seen.add(status);
          const proper = await answerTo(server.serverPort, 'GET /proper HTTP/1.1\r\nHost: a\r\n\r\n');
          expect(proper)
            .to.match(/^HTTP\/1\.1 200 OK\r\n/)
            .and.match(/\r\n\r\nanswer$/);
        });
        await fc.assert(property, { seed: SEED, numRuns: BATCHES, endOnFailure: false });
        await watch.end();
      });
      // All of them are the client's fault.
      expect(log).to.equal('');
      expect([...seen])
        .to.include.members([200, 400])
        .and.not.include(500);
      expect(calls, 'some were good').to.be.above(BATCHES * 1.3);
    });
  }
});
