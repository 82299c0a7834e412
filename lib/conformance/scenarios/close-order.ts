/** A5, on: whose close() is called, when, and what its errors lead to. */
import assert from 'node:assert/strict';
import type { Body } from '../../environ/types.js';
import {
  aWhile,
  eventually,
  gate,
  generator,
  get,
  hearLeaving,
  inChunks,
  PLAIN,
  text,
  texts,
  untilLeft,
} from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

export const closeOrder: Scenario[] = [
  scenario({
    id: 'E-162',
    name: 'closes the object that the application returned, not its iterator',
    covers: ['A-064'],
    record: () => ({ log: [] as string[] }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      const inner = Object.assign(generator(['ab', 'c']), { close: () => void seen.log.push('inner') });
      return { [Symbol.iterator]: () => inner, close: () => void seen.log.push('outer') };
    },
    check: ({ body }, seen) => {
      assert.equal(body, 'abc');
      assert.deepEqual(seen.log, ['outer']);
    },
  }),
  scenario({
    id: 'A-064.this',
    name: 'calls close() as a method, and looks for it when the request is over',
    record: () => ({ same: false }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      class Late implements Iterable<Uint8Array> {
        close: (() => void) | undefined;
        *[Symbol.iterator]() {
          const late = this;
          this.close = function (this: unknown) {
            seen.same = this === late;
          };
          yield text('body');
        }
      }
      return new Late() as Body;
    },
    check: ({ body }, seen) => {
      assert.equal(body, 'body');
      assert.equal(seen.same, true);
    },
  }),
  scenario({
    id: 'A-068',
    name: 'reads no other property of the returned object than it must',
    record: () => ({ asked: new Set<PropertyKey>() }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      const body = { [Symbol.iterator]: () => generator(['body']), length: 1, close() {} };
      return new Proxy(body, {
        get(target, key, receiver) {
          seen.asked.add(key);
          return Reflect.get(target, key, receiver);
        },
        has: () => {
          throw new Error('the gateway asked with "in"');
        },
        ownKeys: () => {
          throw new Error('the gateway asked for all keys');
        },
      });
    },
    check: ({ body }, { asked }) => {
      assert.equal(body, 'body');
      const allowed: PropertyKey[] = ['then', 'length', 'close', Symbol.iterator, Symbol.asyncIterator];
      assert.deepEqual(
        [...asked].filter((key) => !allowed.includes(key)),
        [],
      );
      assert.equal(asked.has('close'), true);
    },
  }),
  scenario({
    id: 'E-205',
    name: 'completes a chunked body although close() throws, and logs that',
    covers: ['A-069'],
    needs: ['raw-http'],
    record: () => ({ closed: 0 }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return Object.assign(texts('he', 'llo'), {
        close() {
          seen.closed++;
          throw new Error('from close');
        },
      });
    },
    check: ({ first, raw, log }, seen) => {
      assert.equal(first.complete, true);
      assert.equal(raw.toString().endsWith(inChunks(['he', 'llo'])), true);
      assert.equal(seen.closed, 1);
      log.says(/from close/);
    },
  }),
  scenario({
    id: 'A-071',
    name: 'waits for the promise of close() before the next request, and logs its rejection',
    covers: ['A-070'],
    needs: ['pipelining'],
    record: () => ({ gate: gate(), log: [] as string[] }),
    app: (seen) => (environ, start_response) => {
      seen.log.push(`app ${environ.PATH_INFO}`);
      start_response('200 OK', PLAIN);
      return Object.assign(texts(environ.PATH_INFO), {
        async close() {
          seen.log.push(`close ${environ.PATH_INFO}`);
          await seen.gate;
          seen.log.push(`closed ${environ.PATH_INFO}`);
          if (environ.PATH_INFO === '/1') throw new Error('from an async close');
        },
      });
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get('/1'), get('/2'));
      await wire.responses(1);
      await eventually(() => seen.log.length > 1, 'close()');
      await aWhile(30);
      assert.deepEqual(seen.log, ['app /1', 'close /1']);
      seen.gate.open();
      const [one, two] = await wire.responses(2);
      assert.deepEqual(
        [one, two].map((response) => response?.body.toString()),
        ['/1', '/2'],
      );
      assert.deepEqual(seen.log.slice(0, 5), ['app /1', 'close /1', 'closed /1', 'app /2', 'close /2']);
      log.says(/from an async close/);
    },
  }),
  scenario({
    id: 'A-070',
    name: 'closes each body before the application is called for the next pipelined request',
    needs: ['pipelining'],
    record: () => ({ log: [] as string[] }),
    app: (seen) => (environ, start_response) => {
      const name = environ.PATH_INFO;
      seen.log.push(`app ${name}`);
      start_response('200 OK', PLAIN);
      return Object.assign(texts('a', 'b'), { close: () => void seen.log.push(`close ${name}`) });
    },
    request: [get('/1'), get('/2'), get('/3')],
    check: (_outcome, { log }) => {
      const expected = ['app /1', 'close /1', 'app /2', 'close /2', 'app /3', 'close /3'];
      assert.deepEqual(log, expected);
    },
  }),
  scenario({
    id: 'A-066.closed-late',
    name: 'closes what an application returns after its client left, without a step of iteration',
    needs: ['abort'],
    record: () => ({ called: gate(), left: gate(), gate: gate(), closed: gate(), pulled: 0 }),
    app: (seen) => async (environ, start_response) => {
      hearLeaving(environ, seen.left);
      seen.called.open();
      await seen.gate;
      try {
        start_response('200 OK', PLAIN);
      } catch {
        // It may hear of it here already.
      }
      return {
        *[Symbol.iterator]() {
          seen.pulled++;
          yield text('no one reads this');
        },
        close: () => seen.closed.open(),
      };
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get());
      await seen.called;
      wire.reset();
      await untilLeft(seen.left);
      seen.gate.open();
      await seen.closed;
      assert.equal(seen.pulled, 0);
      log.isSilent();
    },
  }),
  scenario({
    id: 'E-135',
    name: 'walks a body that can be walked but once',
    covers: ['A-067'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      let walks = 0;
      return {
        [Symbol.iterator]() {
          if (++walks > 1) throw new Error('walked twice');
          return generator(['once', ' only']);
        },
      };
    },
    check: ({ body }) => assert.equal(body, 'once only'),
  }),
  scenario({
    id: 'A-067.early',
    name: 'takes the iterator only after the application has returned',
    record: () => ({ returned: false, early: false }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      queueMicrotask(() => {
        seen.returned = true;
      });
      const body = {
        [Symbol.iterator]() {
          seen.early = !seen.returned;
          return generator(['body']);
        },
      };
      return new Promise<Body>((resolve) => setImmediate(() => resolve(body)));
    },
    check: ({ body }, seen) => {
      assert.equal(body, 'body');
      assert.equal(seen.early, false);
    },
  }),
  scenario({
    id: 'A-073',
    name: 'has nothing to close when the call itself threw',
    app: () => () => {
      throw Object.assign(new Error('thrown'), { close: () => process.emitWarning('closed an error') });
    },
    connection: 'closed',
    check: ({ first }) => assert.equal(first.status, 500),
  }),
];
