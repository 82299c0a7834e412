/** A4: the write callable. */
import assert from 'node:assert/strict';
import type { Application, Write } from '../../environ/types.js';
import {
  eventually,
  gate,
  generator,
  get,
  get10,
  haveBodies,
  hearLeaving,
  KEEP_ALIVE,
  lacks,
  nameOf,
  PLAIN,
  plain,
  text,
  texts,
  untilLeft,
  untilStill,
} from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

/** Writes these, then returns nothing more. */
function writes(blocks: string[], length?: number): Application {
  return (_environ, start_response) => {
    const write = start_response('200 OK', plain(length));
    for (const block of blocks) write(text(block));
    return [];
  };
}

export const write: Scenario[] = [
  scenario({
    id: 'A-045',
    name: 'sends what was written before what the iterable gives',
    covers: ['A-049'],
    app: () => (_environ, start_response) => {
      const send = start_response('200 OK', PLAIN);
      send(text('h'));
      send(text('e'));
      return generator(['l', 'lo']);
    },
    check: ({ body }) => assert.equal(body, 'hello'),
  }),
  scenario({
    id: 'E-029',
    name: 'streams by write() alone',
    app: () => (environ, start_response) => {
      const send = start_response('200 OK', PLAIN);
      send(text('Hello, '));
      send(text(environ.QUERY_STRING));
      return [];
    },
    request: get('/?name=miyagawa'),
    check: ({ body }) => assert.equal(body, 'Hello, name=miyagawa'),
  }),
  scenario({
    id: 'A-046',
    name: 'frames a written block as an item of the iterable',
    covers: ['A-091'],
    needs: ['raw-http'],
    app: () => writes(['ab', '', 'cde']),
    check: ({ first, raw }) => {
      assert.equal(first.headers['transfer-encoding'], 'chunked');
      assert.match(raw.toString(), /\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n$/);
    },
  }),
  ...['text', 7, null, undefined, [1, 2], new ArrayBuffer(2)].map((value) =>
    scenario({
      id: `A-047.${value === null ? 'null' : (value?.constructor.name ?? 'undefined')}`,
      name: `refuses to write ${value === null ? 'null' : (value?.constructor.name ?? 'undefined')}`,
      app: () => (_environ, start_response) => {
        const send = start_response('200 OK', PLAIN);
        try {
          send(value as unknown as Uint8Array);
        } catch (error) {
          return texts(nameOf(error));
        }
        return texts('no error');
      },
      check: ({ first, body }) => {
        assert.equal(body, 'ApplicationError');
        assert.equal(first.headers['content-length'], '16');
      },
    }),
  ),
  scenario({
    id: 'A-050',
    name: 'throws when write() goes beyond the Content-Length, and sends what fits',
    app: () => (_environ, start_response) => {
      const send = start_response('200 OK', plain(5));
      const log: string[] = [];
      for (const block of ['abcd', 'efgh', 'i']) {
        try {
          send(text(block));
          log.push('fine');
        } catch (error) {
          log.push(nameOf(error));
        }
      }
      if (log.join() !== 'fine,ApplicationError,ApplicationError') throw new Error(log.join());
      return [];
    },
    check: ({ first, body, log }) => {
      assert.equal(first.headers['content-length'], '5');
      assert.equal(body, 'abcde');
      log.never(/fine/);
    },
  }),
  scenario({
    id: 'A-051',
    name: 'infers no Content-Length from a list of one once write() was used',
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN)(text('before '));
      return texts('x');
    },
    check: ({ first, body, can }) => {
      if (can('framing')) lacks(first.headers, 'content-length');
      assert.equal(body, 'before x');
    },
  }),
  scenario({
    id: 'A-051.empty',
    name: 'infers no Content-Length from a list of one after an empty write()',
    covers: ['A-051', 'E-110'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN)(text(''));
      return texts('x');
    },
    check: ({ first, body, can }) => {
      if (can('framing')) lacks(first.headers, 'content-length');
      assert.equal(body, 'x');
    },
  }),
  scenario({
    id: 'E-110',
    name: 'infers no Content-Length when only write() was used',
    app: () => writes(['hello']),
    check: ({ first, body, can }) => {
      if (can('framing')) lacks(first.headers, 'content-length');
      assert.equal(body, 'hello');
    },
  }),
  scenario({
    id: 'A-052',
    name: 'refuses to write once the request is over, and keeps the next response clean',
    record: () => ({ late: undefined as Write | undefined, thrown: '' }),
    app: (seen) => (_environ, start_response) => {
      const send = start_response('200 OK', PLAIN);
      try {
        seen.late?.(text('late'));
      } catch (error) {
        seen.thrown = nameOf(error);
      }
      seen.late ??= send;
      return texts('body');
    },
    request: [get(), get()],
    check: ({ responses }, seen) => {
      assert.equal(seen.thrown, 'ApplicationError');
      haveBodies(responses, ['body', 'body']);
    },
  }),
  scenario({
    id: 'A-053',
    name: 'throws ClientDisconnected from write() when the client left, and logs no error',
    needs: ['abort', 'streaming'],
    record: () => ({ left: gate(), gate: gate(), thrown: '' }),
    app: (seen) => async (environ, start_response) => {
      hearLeaving(environ, seen.left);
      const send = start_response('200 OK', PLAIN);
      send(text('one'));
      await seen.gate;
      try {
        send(text('two'));
      } catch (error) {
        seen.thrown = nameOf(error);
        throw error;
      }
      return [];
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get());
      await wire.got('one');
      wire.reset();
      await untilLeft(seen.left);
      seen.gate.open();
      await eventually(() => seen.thrown !== '', 'write() to throw');
      assert.equal(seen.thrown, 'ClientDisconnected');
      log.isSilent();
    },
  }),
  scenario({
    id: 'A-053.waiting',
    name: 'settles the promise of write() when the client goes that it waits for',
    needs: ['abort', 'back-pressure'],
    record: () => ({ blocks: 0, thrown: '', over: false }),
    app: (seen) => async (_environ, start_response) => {
      const send = start_response('200 OK', PLAIN);
      try {
        for (;;) {
          await send(Buffer.alloc(65536));
          seen.blocks++;
        }
      } catch (error) {
        seen.thrown = nameOf(error);
        throw error;
      } finally {
        seen.over = true;
      }
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.socket.pause();
      wire.send(get());
      await untilStill(() => seen.blocks, 'write() to wait for a client that does not read');
      wire.reset();
      await eventually(() => seen.over, 'the application to end');
      assert.equal(seen.thrown, 'ClientDisconnected');
      log.isSilent();
    },
  }),
  scenario({
    id: 'E-069',
    name: 'closes after what was written short of the Content-Length',
    covers: ['A-084'],
    needs: ['http10', 'cuts'],
    app: () => writes(['abcdefgh'], 9),
    request: get10('/', KEEP_ALIVE),
    connection: 'closed',
    check: ({ first, body, log }) => {
      assert.equal(first.headers['content-length'], '9');
      assert.equal(body, 'abcdefgh');
      log.says(/1 bytes short of its Content-Length of 9/);
    },
  }),
  scenario({
    id: 'E-070',
    name: 'cuts what is written beyond the Content-Length, and fails the application',
    needs: ['http10', 'cuts'],
    app: () => writes(['abcdefghij'], 9),
    request: get10('/', KEEP_ALIVE),
    connection: 'closed',
    check: ({ first, body, raw, log }) => {
      assert.equal(first.headers['content-length'], '9');
      assert.equal(first.complete, true);
      assert.equal(body, 'abcdefghi');
      assert.match(raw.toString(), /abcdefghi$/);
      log.says(/write\(\) went beyond the Content-Length/);
    },
  }),
  scenario({
    id: 'E-071',
    name: 'keeps the connection when exactly the Content-Length was written',
    needs: ['http10', 'keep-alive'],
    app: () => writes(['abcd', 'efghi'], 9),
    request: get10('/', KEEP_ALIVE),
    check: ({ first, body, log }) => {
      assert.match(first.headers['connection'] ?? '', /^keep-alive$/i);
      assert.equal(body, 'abcdefghi');
      log.isSilent();
    },
  }),
  scenario({
    id: 'E-072',
    name: 'ends a body written without a Content-Length by closing, on HTTP/1.0',
    covers: ['A-095'],
    needs: ['http10'],
    app: () => writes(['abcdefghi']),
    request: get10(),
    connection: 'closed',
    check: ({ first, body }) => {
      lacks(first.headers, 'content-length', 'transfer-encoding');
      assert.equal(body, 'abcdefghi');
    },
  }),
];
