/** Every pair of PORTING.md answers alike: Python as it stands in the page, served by wsgiref, and the example below it, in both modes. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { compare } from '../../../lib/porting/compare/compare.js';
import type { Difference } from '../../../lib/porting/diff/difference.js';
import type { Exchange } from '../../../lib/porting/exchange.js';
import type { Result } from '../../../lib/porting/report/result.js';
import { type Pair, type Proof, readPairs, withName } from '../../support/porting-pairs.js';
import { PYTHON, FOLDER as PYTHON_FOLDER, requirePython } from '../../support/python.js';
import { NODE_OPTIONS, ROOT, scriptOf } from '../../support/source.js';

const EXAMPLES = scriptOf('../../../examples/', import.meta.url);

/** Examples that block, which the page shows beside those that await: the same Python proves them. */
const BLOCKING: Readonly<Record<string, { file: string; only?: string; instead?: true }>> = {
  websocket: { file: 'blocking_echo' },
  'send-generator': { file: 'without_await' },
  input: { file: 'blocking_generator', only: '/lines' },
  // What awaits has no turn in a thread while the event app receives.
  events: { file: 'blocking_events', instead: true },
};

const WSGI = `
import * as all from 'wsgi';
export * from 'wsgi';
export const taken = [];
export const real = { run: all.run };
export const run = async (app) => void taken.push(app);
export const makeServer = async (host, port, app) => {
  taken.push(app);
  return { address: 'no address', serveForever: async () => {} };
};
// The clock runs faster, as on the other side.
export const sleep = (seconds) => all.sleep(seconds / 50);
`;

interface Mounted {
  readonly name: string;
  readonly file: string;
}

const pairs = readPairs();
const files = readdirSync(EXAMPLES).filter((file) => /\.[jt]s$/.test(file));
const sources = new Map(
  readdirSync(join(ROOT, 'examples'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file.slice(0, -3), readFileSync(join(ROOT, 'examples', file), 'utf8')]),
);

/** The example that shows a pair's TypeScript. */
function exampleOf({ typescript }: Pair): string {
  return (
    [...sources].find(([, source]) => typescript !== '' && source.includes(typescript.trim()))?.[0] ?? ''
  );
}

/**
 * What the page says once for all: a response without Content-Type gets one, and a WebSocket whose handler returns is closed
 * with 1000; WSocket drops its connection.
 */
function isExplained({ kind, where, original }: Difference, { except }: Proof): boolean {
  if (kind === except) return true;
  if (kind === 'websocket') return where === 'close code' && original === '1006';
  return (kind === 'header' || kind === 'charset') && /^content-type$/i.test(where) && original === undefined;
}

function describeDifferences({ differences, note }: Result): string {
  const lines = differences.map((one) => `${one.kind} ${one.where}: ${one.original} / ${one.candidate}`);
  return [note ?? '', ...lines].join('\n');
}

describe('the pairs of PORTING.md', () => {
  const proven = pairs.filter(({ proofs }) => proofs !== undefined);

  it('are found, each with a proof or a reason why there is none', () => {
    expect(proven.length).to.be.greaterThan(25);
    for (const pair of pairs) {
      if (pair.proofs === undefined) expect(pair.reason, `line ${pair.line}`).not.to.equal('');
      else expect(exampleOf(pair), `line ${pair.line}`).not.to.equal('');
    }
    expect(pairs.length - proven.length, 'without a proof').to.equal(2);
  });

  for (const [mode, threads] of [
    ['on the event loop', 0],
    ['in threads', 2],
  ] as const) {
    describe(mode, () => {
      const mounted: Mounted[] = proven.map((pair) => ({ name: pair.name, file: exampleOf(pair) }));
      const python = proven.map(({ name, python: code }) => ({ name, code }));
      const proofs: { title: string; proof: Proof }[] = [];
      for (const pair of proven) {
        const example = exampleOf(pair);
        for (const proof of pair.proofs ?? []) {
          const blocking = threads === 0 ? undefined : BLOCKING[example];
          if (!blocking?.instead) proofs.push({ title: `${example}: ${proof.text}`, proof });
          if (blocking === undefined || !proof.text.includes(blocking.only ?? '')) continue;
          const name = `${pair.name}b`;
          if (!mounted.some((one) => one.name === name)) {
            mounted.push({ name, file: blocking.file });
            python.push({ name, code: pair.python });
          }
          proofs.push({ title: `${blocking.file}: ${proof.text}`, proof: withName(proof, name) });
        }
      }
      const results: Result[] = [];
      let folder = '';

      before(async function () {
        requirePython(this);
        mkdirSync(join(ROOT, 'out'), { recursive: true });
        folder = mkdtempSync(join(ROOT, 'out/pairs-'));
        for (const file of files) {
          const source = readFileSync(join(EXAMPLES, file), 'utf8');
          writeFileSync(
            join(folder, file),
            source.replace(/from 'wsgi';|from "wsgi";/g, "from './wsgi.mjs';"),
          );
        }
        copyFileSync(join(ROOT, 'examples/hello.txt'), join(folder, 'hello.txt'));
        writeFileSync(join(folder, 'wsgi.mjs'), WSGI);
        const extension = files[0]?.slice(-3) ?? '.js';
        const named = mounted.map(({ name, file }) => ({ name, file: file + extension }));
        writeFileSync(join(folder, 'pairs.json'), JSON.stringify(named));
        writeFileSync(join(folder, 'python.json'), JSON.stringify(python));
        const words = (list: readonly string[]) => list.map((word) => `'${word}'`).join(' ');
        const site = scriptOf('site.ts', import.meta.url);
        await compare(exchangesOf(proofs), {
          original: `cd '${folder}' && ${words([PYTHON, join(PYTHON_FOLDER, 'serve_pairs.py')])} {port} python.json`,
          candidate: `${words([process.execPath, ...NODE_OPTIONS, site])} {port} ${threads} '${folder}'`,
          onresult: (result) => void results.push(result),
        });
      });

      after(() => {
        if (folder !== '') rmSync(folder, { recursive: true, force: true });
      });

      for (const [i, { title, proof }] of proofs.entries()) {
        it(title, () => {
          const result = results[i] as Result;
          const left = result.differences.filter((one) => !isExplained(one, proof));
          expect(left, describeDifferences(result)).to.deep.equal([]);
          // Both have answered: two that fail alike prove nothing.
          expect(result.original?.answer?.status, result.note).to.be.a('number');
          expect(result.candidate?.answer?.status, result.note).to.be.a('number');
        });
      }
    });
  }
});

async function* exchangesOf(proofs: readonly { readonly proof: Proof }[]): AsyncGenerator<Exchange> {
  for (const { proof } of proofs) yield proof.exchange;
}
