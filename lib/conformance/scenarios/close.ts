/** A5: the walk over the iterable, and its end. */
import assert from 'node:assert/strict';
import type { Application, Body, Bytes, HeaderList } from '../../environ/types.js';
import { aWhile, eventually, gate, get, head, PLAIN, plain, text, texts } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

/** Keeps account of what the gateway does with a body. */
class Traced {
  readonly calls: string[] = [];

  body(items: (string | Error)[], close: () => unknown = () => undefined): Body {
    const { calls } = this;
    const left = [...items];
    return {
      [Symbol.iterator]() {
        calls.push('iterate');
        return {
          next(): IteratorResult<Bytes> {
            const item = left.shift();
            calls.push('next');
            if (item instanceof Error) throw item;
            return item === undefined ? { done: true, value: undefined } : { done: false, value: text(item) };
          },
          return(): IteratorResult<Bytes> {
            calls.push('return');
            return { done: true, value: undefined };
          },
        };
      },
      close() {
        calls.push('close');
        return close();
      },
    };
  }
}

interface Case {
  what: string;
  items: (string | Error)[];
  calls: string[];
  headers?: HeaderList;
  status?: string;
  request?: string;
  code?: number;
  closes?: boolean;
  covers?: string[];
}

const cases: Case[] = [
  {
    what: 'a whole body',
    items: ['a', 'b'],
    calls: ['iterate', 'next', 'next', 'next', 'close'],
    covers: ['A-060'],
  },
  { what: 'an empty body', items: [], calls: ['iterate', 'next', 'close'], covers: ['A-060'] },
  {
    what: 'an error before the first item',
    items: [new Error('first step')],
    calls: ['iterate', 'next', 'close'],
    code: 500,
    closes: true,
    covers: ['A-061', 'A-254'],
  },
  {
    what: 'an error after an item',
    items: ['a', new Error('second step')],
    calls: ['iterate', 'next', 'next', 'close'],
    closes: true,
    covers: ['A-061', 'E-117'],
  },
  {
    what: 'an item beyond the Content-Length',
    items: ['abc', 'def', 'never asked for'],
    headers: plain(5),
    calls: ['iterate', 'next', 'next', 'return', 'close'],
    covers: ['A-072', 'A-082'],
  },
  {
    what: 'a response to HEAD',
    items: ['', 'a', 'never asked for'],
    request: head(),
    calls: ['iterate', 'next', 'next', 'return', 'close'],
    covers: ['A-145'],
  },
  {
    what: 'a 204',
    items: ['a', 'never asked for'],
    status: '204 No Content',
    headers: [],
    code: 204,
    calls: ['iterate', 'next', 'return', 'close'],
  },
  {
    what: 'a 304',
    items: [],
    status: '304 Not Modified',
    headers: [],
    code: 304,
    calls: ['iterate', 'next', 'close'],
  },
];

export const close: Scenario[] = [
  scenario({
    id: 'E-017',
    name: 'calls close() once after the iteration',
    covers: ['A-060'],
    record: () => ({ closed: 0 }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return Object.assign(texts('1', '2', '3', '4'), { close: () => void seen.closed++ });
    },
    request: get('/call_close', 'Connection: close'),
    connection: 'closed',
    check: ({ body }, seen) => {
      assert.equal(body, '1234');
      assert.equal(seen.closed, 1);
    },
  }),
  ...cases.map(({ what, items, calls, covers = [], ...given }) =>
    scenario({
      id: `A-063.${what.replaceAll(' ', '-')}`,
      name: `goes through next(), return() and close() as often as it must with ${what}`,
      covers: ['A-063', 'A-066', 'A-067', ...covers],
      needs: given.closes && given.code === undefined ? ['cuts'] : [],
      record: () => new Traced(),
      app: (seen) => (_environ, start_response) => {
        seen.calls.length = 0;
        start_response(given.status ?? '200 OK', given.headers ?? PLAIN);
        return seen.body(items);
      },
      request: given.request ?? get(),
      connection: given.closes ? 'closed' : 'kept',
      check: ({ first }, seen) => {
        assert.equal(first.status, given.code ?? 200);
        assert.deepEqual(seen.calls, calls);
      },
    }),
  ),
  scenario({
    id: 'A-063.refused-headers',
    name: 'closes the body when start_response is refused in its first step',
    covers: ['A-066'],
    record: () => ({ log: [] as string[] }),
    app: (seen) => (_environ, start_response) => ({
      *[Symbol.iterator]() {
        try {
          start_response('200 OK', [['Bad Name', '1']]);
          yield text('never');
        } finally {
          seen.log.push('finally');
        }
      },
      close: () => void seen.log.push('close'),
    }),
    connection: 'closed',
    check: ({ first }, seen) => {
      assert.equal(first.status, 500);
      assert.deepEqual(seen.log, ['finally', 'close']);
    },
  }),
  scenario({
    id: 'A-063.timeout',
    name: 'closes the body of an application that was silent for too long',
    needs: ['timeout'],
    options: { timeout: 0.2 },
    record: () => ({ closed: 0 }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return {
        [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
        close: () => void seen.closed++,
      };
    },
    connection: 'closed',
    check: ({ first, log }, seen) => {
      assert.equal(first.status, 500);
      assert.equal(seen.closed, 1);
      log.says(/sent nothing for 0\.2 s/);
    },
  }),
  scenario({
    id: 'A-063.stop',
    name: 'closes the body of a request that a stop cuts off',
    needs: ['abort', 'cuts'],
    record: () => ({ closed: 0 }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return {
        async *[Symbol.asyncIterator]() {
          yield text('begun');
          await new Promise(() => {});
        },
        close: () => void seen.closed++,
      };
    },
    play: async ({ open, stop, seen }) => {
      const wire = await open();
      wire.send(get());
      await wire.got('begun');
      await stop();
      await eventually(() => seen.closed === 1, 'close()');
      assert.equal((await wire.closed()).responses[0]?.complete, false);
    },
  }),
  scenario({
    id: 'A-062',
    name: 'closes the body when the client resets the connection, and asks for no more of it',
    needs: ['abort', 'streaming'],
    record: () => ({ closed: 0, pulls: 0, gate: gate() }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return {
        async *[Symbol.asyncIterator]() {
          for (let i = 0; i < 40; i++) {
            seen.pulls++;
            yield Buffer.alloc(65536, 'x');
            if (i === 1) await seen.gate;
          }
        },
        close: () => void seen.closed++,
      };
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get());
      await wire.got('xxxx');
      wire.reset();
      await eventually(() => seen.closed === 1, 'close()');
      seen.gate.open();
      await aWhile(30);
      assert.equal(seen.closed, 1);
      // The step that was under way, and none after it.
      assert.ok(seen.pulls <= 3);
      log.isSilent();
    },
  }),
  ...['sync', 'async'].map((kind) =>
    scenario({
      id: `E-224.${kind}`,
      name: `runs the finally block of ${kind === 'sync' ? 'a generator' : 'an async generator'} once when the client resets the connection`,
      covers: ['A-065', 'A-062'],
      needs: ['abort', 'back-pressure'],
      record: () => ({ finals: 0 }),
      app: (seen) => {
        const block = Buffer.alloc(65536, 'x');
        const sync: Application = function* (_environ, start_response) {
          start_response('200 OK', PLAIN);
          try {
            for (;;) yield block;
          } finally {
            seen.finals++;
          }
        };
        const asynchronous: Application = async function* (_environ, start_response) {
          start_response('200 OK', PLAIN);
          try {
            for (;;) yield block;
          } finally {
            seen.finals++;
          }
        };
        return kind === 'sync' ? sync : asynchronous;
      },
      play: async ({ open, seen, log }) => {
        const wire = await open();
        wire.send(get());
        await wire.got('xxxx');
        assert.equal(seen.finals, 0);
        wire.reset();
        await eventually(() => seen.finals > 0, 'the finally block');
        await aWhile(30);
        assert.equal(seen.finals, 1);
        log.isSilent();
      },
    }),
  ),
];
