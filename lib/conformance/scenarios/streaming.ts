/** A3: when headers and blocks leave. */
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import {
  aWhile,
  eventually,
  gate,
  generate,
  get,
  get10,
  head,
  inChunks,
  lacks,
  PLAIN,
  plain,
  text,
  texts,
  untilStill,
} from '../messages.js';
import { type Scenario, type Stage, scenario } from '../scenario.js';

/** A client on a thread of its own, which says in shared memory that it has read a word. */
const READER = `
  const { workerData: { port, word, flag } } = require('node:worker_threads');
  const socket = require('node:net').connect(port, '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n');
  });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
    if (!text.includes(word)) return;
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
  socket.on('error', () => {});
`;

/** Blocks this thread until the reader has the word, as a blocking application would. */
function blockUntilRead(flag: Int32Array): boolean {
  return Atomics.wait(flag, 0, 0, 3000) !== 'timed-out';
}

async function readOnThread(
  { port, seen }: Stage<{ flag: Int32Array; read: boolean | undefined }>,
  word: string,
) {
  const worker = new Worker(READER, { eval: true, workerData: { port, word, flag: seen.flag } });
  await eventually(() => seen.read !== undefined, 'the application to have waited');
  await worker.terminate();
  assert.equal(seen.read, true, `${word} was read while the application blocked`);
}

const blocked = () => ({
  flag: new Int32Array(new SharedArrayBuffer(4)),
  read: undefined as boolean | undefined,
});

export const streaming: Scenario[] = [
  scenario({
    id: 'A-030',
    name: 'sends nothing at start_response',
    needs: ['streaming'],
    record: () => ({ started: gate(), gate: gate() }),
    app: (seen) => async (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      seen.started.open();
      await seen.gate;
      return texts('body');
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(get());
      await seen.started;
      await aWhile();
      assert.equal(wire.text, '');
      seen.gate.open();
      assert.equal((await wire.response()).body.toString(), 'body');
    },
  }),
  scenario({
    id: 'E-190',
    name: 'sends no header for an empty item, and all of it with the first that is not',
    covers: ['A-031', 'A-032'],
    needs: ['streaming'],
    record: () => ({ pulled: gate(), gate: gate() }),
    app: (seen) =>
      async function* (_environ, start_response) {
        start_response('200 OK', PLAIN);
        yield text('');
        yield text('');
        seen.pulled.open();
        await seen.gate;
        yield text('x');
      },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(get());
      await seen.pulled;
      await aWhile();
      assert.equal(wire.text, '');
      seen.gate.open();
      const { status, body } = await wire.response();
      assert.equal(status, 200);
      assert.equal(body.toString(), 'x');
    },
  }),
  scenario({
    id: 'A-032',
    name: 'sends the headers with the first item that is not empty, before the next is asked for',
    covers: ['A-036', 'A-040'],
    needs: ['streaming'],
    record: () => ({ gate: gate() }),
    app: (seen) =>
      async function* (_environ, start_response) {
        start_response('200 OK', PLAIN);
        yield text('first');
        await seen.gate;
        yield text('second');
      },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(get());
      await wire.got('first');
      assert.match(wire.text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.ok(!wire.text.includes('second'));
      seen.gate.open();
      assert.equal((await wire.response()).body.toString(), 'firstsecond');
    },
  }),
  scenario({
    id: 'A-036.length',
    name: 'sends each item at once where a Content-Length frames the body',
    covers: ['A-036'],
    needs: ['streaming'],
    record: () => ({ gates: [gate(), gate()] as const }),
    app: (seen) =>
      async function* (_environ, start_response) {
        start_response('200 OK', plain(6));
        yield text('ab');
        await seen.gates[0];
        yield text('cd');
        await seen.gates[1];
        yield text('ef');
      },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(get());
      await wire.got('\r\n\r\nab');
      seen.gates[0].open();
      await wire.got('\r\n\r\nabcd');
      seen.gates[1].open();
      assert.equal((await wire.response()).body.toString(), 'abcdef');
    },
  }),
  scenario({
    id: 'A-036.blocking',
    name: 'has handed an item to the system before it asks a blocking iterator for the next',
    needs: ['sync-flush'],
    record: blocked,
    app: (seen) =>
      function* (_environ, start_response) {
        start_response('200 OK', PLAIN);
        yield text('one');
        // On a keep-alive connection the second block takes another path than the first.
        yield text('two');
        seen.read = blockUntilRead(seen.flag);
        yield text('three');
      },
    play: (stage) => readOnThread(stage, 'two'),
  }),
  scenario({
    id: 'A-048',
    name: 'has handed a block to the system when write() returns to an application that blocks',
    needs: ['sync-flush'],
    record: blocked,
    app: (seen) => (_environ, start_response) => {
      const write = start_response('200 OK', PLAIN);
      write(text('one'));
      write(text('two'));
      seen.read = blockUntilRead(seen.flag);
      return texts('three');
    },
    play: (stage) => readOnThread(stage, 'two'),
  }),
  scenario({
    id: 'A-034',
    name: 'sends the headers at the first write(), even of nothing',
    needs: ['streaming'],
    record: () => ({ gate: gate() }),
    app: (seen) => async (_environ, start_response) => {
      const write = start_response('200 OK', PLAIN);
      write(text(''));
      await seen.gate;
      write(text('body'));
      return [];
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(get());
      await wire.got('\r\n\r\n');
      assert.match(wire.text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
      seen.gate.open();
      assert.equal((await wire.response()).body.toString(), 'body');
    },
  }),
  scenario({
    id: 'E-030',
    name: 'leaves a body alone that looks like headers',
    covers: ['A-037'],
    app: () => generate(['Foo: Bar\r\n\r\nHello', ' World']),
    check: ({ first, body }) => {
      lacks(first.headers, 'foo');
      assert.equal(body, 'Foo: Bar\r\n\r\nHello World');
    },
  }),
  scenario({
    id: 'E-031',
    name: 'leaves newlines alone',
    covers: ['A-037'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return texts('Bar\nBaz');
    },
    check: ({ first, body }) => {
      assert.equal(body, 'Bar\nBaz');
      assert.equal(first.body.length, 7);
    },
  }),
  scenario({
    id: 'A-037.binary',
    name: 'sends every byte as it is, from a Uint8Array as from a Buffer',
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      // A view into the middle of a larger buffer.
      const whole = Uint8Array.from({ length: 260 }, (_, i) => (i + 254) % 256);
      return [whole.subarray(2, 258)];
    },
    check: ({ first }) =>
      assert.deepEqual(
        [...first.body],
        Array.from({ length: 256 }, (_, i) => i),
      ),
  }),
  scenario({
    id: 'E-225',
    name: 'asks for no more items than a client takes that does not read',
    covers: ['A-038'],
    needs: ['back-pressure', 'abort'],
    record: () => ({ pulls: 0, closed: 0 }),
    app: (seen) => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      const block = Buffer.alloc(65536, 'x');
      return {
        *[Symbol.iterator]() {
          for (;;) {
            seen.pulls++;
            yield block;
          }
        },
        close: () => void seen.closed++,
      };
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.socket.pause();
      wire.send(get());
      await untilStill(() => seen.pulls, 'the pulls to stop');
      // What the kernel takes for both sides of the loopback, and one block more.
      assert.ok(seen.pulls * 65536 < 32 * 1024 * 1024);
      assert.equal(seen.closed, 0);
      wire.reset();
      await eventually(() => seen.closed === 1, 'close()');
    },
  }),
  scenario({
    id: 'E-108',
    name: 'sends one large block whole to a client that reads late',
    covers: ['A-036'],
    needs: ['back-pressure'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return [Buffer.alloc(12_000_000, 'abcdefgh')];
    },
    play: async ({ open }) => {
      const wire = await open();
      wire.socket.pause();
      wire.send(get('/', 'Connection: close'));
      await aWhile(30);
      wire.socket.resume();
      await wire.until(() => wire.ended, 'the end');
      const { body, complete } = await wire.response();
      assert.equal(complete, true);
      assert.equal(body.equals(Buffer.alloc(12_000_000, 'abcdefgh')), true);
    },
  }),
  scenario({
    id: 'A-090',
    name: 'frames each non-empty item as one chunk',
    covers: ['A-091', 'A-040', 'E-068'],
    needs: ['raw-http'],
    app: () => generate(['he', '', 'llo', '']),
    check: ({ first, raw }) => {
      assert.equal(first.headers['transfer-encoding'], 'chunked');
      lacks(first.headers, 'content-length');
      assert.match(raw.toString(), /\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n$/);
    },
  }),
  scenario({
    id: 'A-092',
    name: 'sends an HTTP/1.0 client no chunks, and closes after the body',
    covers: ['A-095', 'E-063'],
    needs: ['http10'],
    app: () => generate(['he', 'llo']),
    request: get10('/', 'Connection: keep-alive'),
    connection: 'closed',
    check: ({ first, raw }) => {
      lacks(first.headers, 'transfer-encoding', 'content-length');
      assert.equal(first.headers['connection'], 'close');
      assert.match(raw.toString(), /\r\n\r\nhello$/);
    },
  }),
  scenario({
    id: 'A-093',
    name: 'sends no Transfer-Encoding in answer to HEAD',
    needs: ['exact-head'],
    app: () => generate(['he', 'llo']),
    request: [head(), get()],
    check: ({ responses, raw }) => {
      lacks(responses[0]?.headers ?? {}, 'transfer-encoding', 'content-length');
      assert.equal(raw.toString().endsWith(inChunks(['he', 'llo'])), true);
    },
  }),
];
