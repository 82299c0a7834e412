/** What real Python servers make of the same bytes, with a ruling for each: spec/vectors/requests.json; for any mode. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Environ } from '../../lib/environ/types.js';
import { exchange, type RawResponse, type Reply } from '../support/peer.js';
import { captureLog } from '../support/serve.js';

type Key = string | boolean | null;

interface Seen {
  environ?: Record<string, Key>;
  one_of?: Record<string, Key[]>;
  absent?: string[];
  body?: string | { len: number; sha256: string };
}

interface Expected extends Seen {
  expect: 'environ' | 'reject';
  stage?: 'head' | 'body';
  status_ok?: (number | null)[];
  either?: boolean;
  if_accepted?: Seen;
  then?: Expected[];
  then_either?: boolean;
  close?: boolean;
  interim_100?: 'required' | 'optional';
  response_body_forbidden?: boolean;
  node_limit?: boolean;
  why: string;
}

interface Vector {
  id: string;
  group: string;
  note: string;
  raw_latin1: string;
  half_close?: boolean;
  then_latin1?: string;
  responses?: number;
  expected: Expected;
}

/** Where `node:http` decides before this package sees the request, and cannot be moved: README, "Differences". */
const KNOWN_DIFFERENCES: Record<string, string> = {
  'm-custom': 'llhttp knows a fixed list of methods: 400',
  'm-digit': 'llhttp knows a fixed list of methods: 400',
  'm-long': 'llhttp knows a fixed list of methods: 400',
  'm-one': 'llhttp knows a fixed list of methods: 400',
  'm-describe': 'llhttp takes DESCRIBE for RTSP: 400',
  'r-http12': 'llhttp knows HTTP/0.9, 1.0, 1.1 and 2.0: 400',
  'te-trail-ws': 'llhttp refuses white space behind the coding: 400',
};

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/requests.json', import.meta.url), 'utf8'),
) as Vector[];

export interface Call {
  environ: Record<string, unknown>;
  body: Buffer | undefined;
}

/** Where the application runs, and what it saw. */
export interface Mode {
  readonly port: number;
  readonly calls: readonly Call[];
  clear(): void;
  stop(): Promise<void>;
}

/** What became of a vector. */
interface Played {
  readonly reply: Reply;
  readonly calls: readonly Call[];
}

export const OPTIONS = { timeout: 0.6 };

/** As many servers, each with a vector at a time: most vectors wait for what does not come. */
const AT_ONCE = 4;

/** Declares one test for each vector. @param where the application runs, for the title. */
export function vectorsIn(where: string, start: () => Promise<Mode>, atOnce = AT_ONCE): void {
  describe(`request vectors ${where}`, () => {
    const played = new Map<string, Promise<Played>>();
    const modes: Mode[] = [];

    before(async () => {
      for (let i = 0; i < atOnce; i++) modes.push(await start());
      const free = modes.map((mode) => Promise.resolve(mode));
      for (const [i, vector] of vectors.entries()) {
        const result = (free[i % atOnce] as Promise<Mode>).then((mode) => play(vector, mode));
        free[i % atOnce] = result.catch(() => {}).then(() => modes[i % atOnce] as Mode);
        played.set(vector.id, result);
      }
      void captureLog(() => Promise.all(free));
    });

    after(async () => {
      await Promise.allSettled(played.values());
      for (const mode of modes) await mode.stop();
    });

    for (const vector of vectors) {
      const difference = KNOWN_DIFFERENCES[vector.id];
      it(`${vector.id}: ${vector.note}${difference ? ` (known difference: ${difference})` : ''}`, async () => {
        const { expected } = vector;
        const { reply, calls } = (await played.get(vector.id)) as Played;
        if (difference !== undefined) {
          // The difference is what is written down, not something else.
          expect(reply.responses[0]?.status, 'known difference').to.equal(400);
          return;
        }
        if (wasRefused(reply.responses[0]) && (expected.expect === 'reject' || expected.either))
          checkRefusal(expected, reply, calls);
        else checkAccepted(expected, reply, calls);
      });
    }

    async function play(vector: Vector, mode: Mode): Promise<Played> {
      mode.clear();
      const reply = await exchange({
        port: mode.port,
        send: vector.raw_latin1,
        follow: vector.then_latin1,
        halfClose: vector.half_close === true,
        methods: [vector.raw_latin1.trimStart().split(' ')[0] ?? ''],
        responses: vector.responses ?? 1,
        // Where the connection is to be closed, that may take a while on a busy machine.
        ...(vector.expected.close ? { settle: 2000 } : {}),
      });
      return { reply, calls: [...mode.calls] };
    }

    function wasRefused(response: RawResponse | undefined): boolean {
      return response === undefined || response.status !== 200;
    }

    function checkRefusal(expected: Expected, reply: Reply, calls: readonly Call[]): void {
      const first = reply.responses[0];
      const allowed = expected.status_ok ?? [400];
      expect(allowed, 'status').to.include(first?.status ?? null);
      if (expected.stage === 'head') expect(calls, 'the application is not called').to.have.length(0);
      expect(reply.responses, 'nothing behind it is served').to.have.length(first === undefined ? 0 : 1);
      if (expected.close) expect(reply.closed, 'closed').to.equal(true);
      if (first !== undefined) expect(first.headers).to.have.property('date');
    }

    function checkAccepted(expected: Expected, reply: Reply, calls: readonly Call[]): void {
      const shouldReject = expected.expect === 'reject';
      if (shouldReject) expect(expected.either, `accepted, but: ${expected.why}`).to.equal(true);
      const seen = shouldReject ? expected.if_accepted : expected;
      expect(reply.responses[0]?.status).to.equal(200);
      if (seen !== undefined) checkCall(seen, calls[0]);
      if (expected.response_body_forbidden) expect(reply.raw.includes('seen')).to.equal(false);
      if (expected.interim_100 === 'required') {
        expect(reply.interim.map((response) => response.status)).to.deep.equal([100]);
      } else if (expected.interim_100 === 'optional') expect(reply.interim.length).to.be.at.most(1);
      const { then } = expected;
      if (then === undefined) {
        if (expected.close && !shouldReject) expect(reply.closed, 'closed').to.equal(true);
        return;
      }
      if (expected.then_either && reply.responses.length === 1) return;
      expect(calls.length - 1, 'requests behind the first').to.equal(
        then.filter((next) => next.expect === 'environ').length,
      );
      then.forEach((next, i) => {
        const response = reply.responses[i + 1];
        if (next.expect === 'environ') {
          expect(response?.status).to.equal(200);
          checkCall(next, calls[i + 1]);
        } else expect(next.status_ok).to.include(response?.status ?? null);
      });
    }

    function checkCall(seen: Seen, call: Call | undefined): void {
      if (call === undefined) throw new Error('the application was not called');
      const environ = call.environ as Environ;
      const allowed = new Set(['HTTP_TRANSFER_ENCODING']);
      for (const [key, value] of Object.entries(seen.environ ?? {})) {
        allowed.add(key);
        expect(Reflect.get(environ, key), key).to.deep.equal(value);
      }
      for (const [key, values] of Object.entries(seen.one_of ?? {})) {
        allowed.add(key);
        expect(values, key).to.deep.include(Reflect.get(environ, key) ?? null);
      }
      for (const key of seen.absent ?? []) expect(environ).not.to.have.property(key);
      for (const key of Object.keys(environ))
        if (key.startsWith('HTTP_')) expect(allowed, key).to.include(key);
      if (seen.body === undefined) return;
      if (typeof seen.body === 'string') expect(call.body?.toString('latin1')).to.equal(seen.body);
      else {
        expect(call.body?.length).to.equal(seen.body.len);
        expect(
          createHash('sha256')
            .update(call.body ?? '')
            .digest('hex'),
        ).to.equal(seen.body.sha256);
      }
    }
  });
}
