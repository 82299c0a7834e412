/** A13: Expect: 100-continue. */
import assert from 'node:assert/strict';
import type { Application } from '../../environ/types.js';
import {
  answer,
  aWhile,
  CLOSE,
  echo,
  eventually,
  gate,
  haveBodies,
  message,
  nameOf,
  PLAIN,
  post,
  readAndTell,
  text,
} from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const EXPECT = 'Expect: 100-continue';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** The head of a request whose body waits for the server. */
function asks(length: number, ...fields: string[]): string {
  return message('POST / HTTP/1.1', ['Host: h', `Content-Length: ${length}`, ...fields]);
}

export const expectContinue: Scenario[] = [
  scenario({
    id: 'A-211',
    name: 'sends 100 Continue when the application first reads, not before',
    covers: ['A-210', 'A-212'],
    needs: ['expect', 'streaming'],
    record: () => ({ called: gate(), gate: gate() }),
    app: (seen) => async (environ, start_response) => {
      seen.called.open();
      await seen.gate;
      const head = await environ['wsgi.input'].read(2);
      const rest = await environ['wsgi.input'].read();
      start_response('200 OK', PLAIN);
      return [Buffer.concat([head, rest])];
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(asks(5, EXPECT));
      await seen.called;
      await aWhile();
      assert.equal(wire.text, '');
      seen.gate.open();
      await wire.got(CONTINUE);
      assert.equal(wire.text, CONTINUE);
      wire.send('hello');
      assert.equal((await wire.response()).body.toString(), 'hello');
      assert.equal(wire.reply.interim.length, 1);
    },
  }),
  scenario({
    id: 'E-060',
    name: 'echoes a body that came together with the expectation',
    covers: ['A-215', 'A-212'],
    needs: ['raw-http'],
    app: () => echo,
    request: post('hello', EXPECT),
    // Node closes where it has not sent a 100, whether or not the body came without.
    connection: 'either',
    check: ({ first, body, interim }) => {
      assert.equal(first.status, 200);
      assert.equal(body, 'hello');
      assert.ok(interim.length <= 1);
    },
  }),
  scenario({
    id: 'A-216',
    name: 'takes the expectation in any case',
    needs: ['expect'],
    app: () => echo,
    play: async ({ open }) => {
      const wire = await open();
      wire.send(asks(5, 'expect: 100-CONTINUE'));
      await wire.got(CONTINUE);
      wire.send('hello');
      assert.equal((await wire.response()).body.toString(), 'hello');
    },
  }),
  scenario({
    id: 'A-215',
    name: 'sends no 100 Continue where there is no body to wait for',
    covers: ['A-219'],
    needs: ['expect'],
    app: () => async (environ, start_response) => {
      const body = await environ['wsgi.input'].read();
      start_response('200 OK', PLAIN);
      return [text(`${environ['HTTP_EXPECT']} ${body.length}`)];
    },
    request: asks(0, EXPECT, CLOSE),
    connection: 'closed',
    check: ({ body, interim }) => {
      assert.equal(body, '100-continue 0');
      assert.deepEqual(interim, []);
    },
  }),
  scenario({
    id: 'E-220',
    name: 'answers without 100 Continue when the application does not read, and closes',
    covers: ['A-213', 'A-212'],
    needs: ['expect'],
    app: () => answer(['not interested']),
    request: asks(5, EXPECT),
    connection: 'closed',
    check: ({ first, body, interim }) => {
      assert.deepEqual(interim, []);
      assert.equal(first.status, 200);
      assert.equal(first.headers['connection'], 'close');
      assert.equal(body, 'not interested');
    },
  }),
  scenario({
    id: 'E-221',
    name: 'sends no 100 Continue into a body: a first read after an item fails',
    covers: ['A-212'],
    needs: ['expect', 'cuts', 'streaming'],
    record: () => ({ thrown: '' }),
    app: (seen) =>
      async function* (environ, start_response) {
        start_response('200 OK', PLAIN);
        yield text('item');
        try {
          yield await environ['wsgi.input'].read();
        } catch (error) {
          seen.thrown = nameOf(error);
          throw error;
        }
      },
    request: asks(5, EXPECT),
    connection: 'closed',
    check: ({ first, body, raw, log }, seen) => {
      assert.match(raw.toString(), /^HTTP\/1\.1 200 OK\r\n/);
      assert.ok(!raw.toString().includes('100 Continue'));
      assert.equal(body, 'item');
      assert.equal(first.complete, false);
      assert.equal(seen.thrown, 'ApplicationError');
      log.says(/first read after the response had begun/);
    },
  }),
  scenario({
    id: 'E-221.sent',
    name: 'reads a body after an item that the client sent without waiting',
    needs: ['raw-http', 'streaming'],
    app: () =>
      async function* (environ, start_response) {
        start_response('200 OK', PLAIN);
        yield text('item ');
        yield await environ['wsgi.input'].read();
      },
    request: post('hello', EXPECT, CLOSE),
    connection: 'closed',
    check: ({ body, raw }) => {
      assert.equal(body, 'item hello');
      assert.ok(!raw.toString().includes('100 Continue'));
    },
  }),
  scenario({
    id: 'A-214',
    name: 'sends no 100 Continue to HTTP/1.0',
    needs: ['http10', 'expect'],
    app: () => echo,
    request: message('POST / HTTP/1.0', ['Content-Length: 5', EXPECT], 'hello'),
    connection: 'closed',
    check: ({ body, interim }) => {
      assert.equal(body, 'hello');
      assert.deepEqual(interim, []);
    },
  }),
  scenario({
    id: 'A-217',
    name: 'answers 417 to any other expectation',
    needs: ['raw-http'],
    record: () => ({ calls: 0 }),
    app: (seen): Application => {
      return (environ, start_response) => {
        seen.calls++;
        return echo(environ, start_response);
      };
    },
    request: post('hello', 'Expect: a miracle'),
    connection: 'closed',
    check: ({ first }, seen) => {
      assert.equal(first.status, 417);
      assert.equal(seen.calls, 0);
    },
  }),
  scenario({
    id: 'E-096',
    name: 'sends 100 Continue for a pipelined request after the complete response before it',
    covers: ['A-218'],
    needs: ['expect', 'pipelining'],
    record: () => ({ gate: gate(), calls: 0 }),
    app: (seen) => async (environ, start_response) => {
      const first = ++seen.calls === 1;
      const body = await environ['wsgi.input'].read();
      if (first) await seen.gate;
      start_response('200 OK', PLAIN);
      return [body];
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(post('first'));
      wire.send(asks(6, EXPECT));
      await eventually(() => seen.calls > 0, 'the first call');
      await aWhile();
      assert.equal(wire.text, '');
      assert.equal(seen.calls, 1);
      seen.gate.open();
      await wire.got(CONTINUE);
      assert.match(wire.text, /first\s*HTTP\/1\.1 100 Continue\r\n\r\n$/);
      wire.send('second');
      const all = await wire.responses(2);
      haveBodies(all, ['first', 'second']);
    },
  }),
  scenario({
    id: 'A-212.reset',
    name: 'fails the read of a client that leaves instead of sending its body',
    needs: ['expect', 'abort'],
    record: () => ({ thrown: '' }),
    app: (seen) => readAndTell(seen),
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(asks(5, EXPECT));
      await wire.got(CONTINUE);
      wire.reset();
      await eventually(() => seen.thrown !== '', 'read() to throw');
      assert.equal(seen.thrown, 'ClientDisconnected');
      log.isSilent();
    },
  }),
];
