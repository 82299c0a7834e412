/** A14: keep-alive, pipelining, clients that come and go. */
import assert from 'node:assert/strict';
import type { Application } from '../../environ/types.js';
import {
  answer,
  aWhile,
  CLOSE,
  echo,
  eventually,
  gate,
  get,
  get10,
  haveBodies,
  hearLeaving,
  KEEP_ALIVE,
  PLAIN,
  post,
  texts,
  untilLeft,
} from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const ok = answer(['ok']);

/** Tells its calls apart by their paths. */
const path: Application = (environ, start_response) => {
  start_response('200 OK', PLAIN);
  return texts(environ.PATH_INFO);
};

interface Kept {
  id: string;
  name: string;
  request: string;
  closed?: boolean;
  /** The header Connection of the response. */
  says?: RegExp;
  covers?: string[];
}

// biome-ignore format: one row each
const table: Kept[] = [
  { id: 'E-053', name: 'closes an HTTP/1.0 connection by default', request: get10(), closed: true, says: /^close$/, covers: ['A-231'] },
  { id: 'E-054', name: 'keeps an HTTP/1.0 connection that asks for it, and says so', request: get10('/', KEEP_ALIVE), says: /^keep-alive$/i, covers: ['A-231'] },
  { id: 'E-055', name: 'keeps an HTTP/1.1 connection by default', request: get(), covers: ['A-230'] },
  { id: 'E-056', name: 'keeps an HTTP/1.1 connection that asks for it', request: get('/', KEEP_ALIVE), covers: ['A-230'] },
  { id: 'E-057', name: 'closes an HTTP/1.1 connection that asks for it', request: get('/', CLOSE), closed: true, says: /^close$/, covers: ['A-230', 'A-236'] },
  { id: 'A-230.case', name: 'takes close in any case', request: get('/', 'cOnNeCtIoN: ClOsE'), closed: true, says: /^close$/ },
  { id: 'A-230.list', name: 'finds close in a list', request: get('/', 'Connection: keep-alive, close'), closed: true, says: /^close$/ },
  { id: 'A-230.lines', name: 'finds close on a second line', request: get('/', 'Connection: keep-alive', 'Connection: close'), closed: true, says: /^close$/ },
  { id: 'A-230.other', name: 'keeps a connection that names other options', request: get('/', 'Connection: x-foo', 'X-Foo: 1') },
];

export const connection: Scenario[] = [
  ...table.map(({ id, name, request, closed, says, covers = [] }) =>
    scenario({
      id,
      name,
      covers,
      needs: request.includes('HTTP/1.0') ? ['http10', 'keep-alive'] : ['raw-http', 'keep-alive'],
      app: () => ok,
      request,
      connection: closed ? 'closed' : 'kept',
      check: ({ first, body }) => {
        assert.equal(body, 'ok');
        if (says !== undefined) assert.match(first.headers['connection'] ?? '', says);
      },
    }),
  ),
  scenario({
    id: 'E-059',
    name: 'answers 25 pipelined requests in order',
    covers: ['A-232'],
    needs: ['keep-alive'],
    app: () => echo,
    request: Array.from({ length: 25 }, (_, i) => post(`Response ${i + 1}`, ...(i === 24 ? [CLOSE] : []))),
    connection: 'closed',
    check: ({ responses }) => {
      const words = Array.from({ length: 25 }, (_, i) => `Response ${i + 1}`);
      haveBodies(responses, words);
    },
  }),
  scenario({
    id: 'E-209',
    name: 'answers both of two requests in one segment, and keeps the connection',
    covers: ['A-232'],
    needs: ['keep-alive'],
    app: () => path,
    request: [get('/1'), get('/2')],
    check: ({ responses }) => {
      haveBodies(responses, ['/1', '/2']);
    },
  }),
  scenario({
    id: 'E-210',
    name: 'calls the application for a pipelined request when the one before it is answered',
    covers: ['A-233', 'A-232'],
    needs: ['pipelining'],
    record: () => ({ gate: gate(), running: 0, most: 0, order: [] as string[] }),
    app: (seen) => async (environ, start_response) => {
      seen.order.push(environ.PATH_INFO);
      seen.most = Math.max(seen.most, ++seen.running);
      if (environ.PATH_INFO === '/slow') await seen.gate;
      else await aWhile(1);
      start_response('200 OK', PLAIN);
      return Object.assign(texts(environ.PATH_INFO), { close: () => void seen.running-- });
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(get('/slow'), get('/fast'), get('/last'));
      await eventually(() => seen.order.length > 0, 'the first call');
      await aWhile();
      assert.deepEqual(seen.order, ['/slow']);
      assert.equal(wire.text, '');
      seen.gate.open();
      const all = await wire.responses(3);
      haveBodies(all, ['/slow', '/fast', '/last']);
      assert.equal(seen.most, 1);
    },
  }),
  scenario({
    id: 'A-232.cut',
    name: 'answers requests that come cut up in the middle',
    needs: ['raw-http'],
    app: () => path,
    play: async ({ open }) => {
      const wire = await open();
      const all = get('/1') + get('/2') + get('/3');
      wire.send(get('/1').slice(0, 10));
      await aWhile(10);
      wire.send(all.slice(10, 45));
      await aWhile(10);
      wire.send(all.slice(45));
      const responses = await wire.responses(3);
      haveBodies(responses, ['/1', '/2', '/3']);
    },
  }),
  scenario({
    id: 'E-046',
    name: 'serves 50 connections that are open at once',
    app: () => path,
    play: async ({ open }) => {
      const wires = await Promise.all(Array.from({ length: 50 }, () => open()));
      wires.forEach((wire, i) => void wire.send(get(`/${i}`)));
      const all = await Promise.all(wires.map((wire) => wire.response()));
      haveBodies(
        all,
        wires.map((_, i) => `/${i}`),
      );
    },
  }),
  scenario({
    id: 'E-093',
    name: 'answers one connection while the application waits on another',
    record: () => ({ gate: gate() }),
    app: (seen) => async (environ, start_response) => {
      if (environ.PATH_INFO === '/slow') await seen.gate;
      return path(environ, start_response);
    },
    play: async ({ open, seen }) => {
      const slow = await open();
      slow.send(get('/slow'));
      const fast = await open();
      fast.send(get('/fast'));
      assert.equal((await fast.response()).body.toString(), '/fast');
      assert.equal(slow.text, '');
      seen.gate.open();
      assert.equal((await slow.response()).body.toString(), '/slow');
    },
  }),
  scenario({
    id: 'E-094',
    name: 'does not call the application for a pipelined request whose client left',
    covers: ['A-240'],
    needs: ['pipelining', 'abort'],
    record: () => ({ left: gate(), gate: gate(), called: gate(), paths: [] as string[] }),
    app: (seen) => async (environ, start_response) => {
      hearLeaving(environ, seen.left);
      seen.paths.push(environ.PATH_INFO);
      seen.called.open();
      await seen.gate;
      return path(environ, start_response);
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get('/1'), get('/2'));
      await seen.called;
      wire.reset();
      await untilLeft(seen.left);
      seen.gate.open();
      await aWhile(30);
      assert.deepEqual(seen.paths, ['/1']);
      log.isSilent();
    },
  }),
  ...(['reset', 'closed'] as const).map((how) =>
    scenario({
      id: `E-095.${how}`,
      name: `tells a running application by its signal that the client has ${how} the connection`,
      covers: ['A-238', 'A-239', 'E-119'],
      needs: ['abort'],
      record: () => ({ called: gate(), reason: undefined as unknown, before: true }),
      app: (seen) => async (environ, start_response) => {
        const signal = environ['node.abort_signal'];
        seen.before = signal.aborted;
        seen.called.open();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        seen.reason = signal.reason;
        start_response('200 OK', PLAIN);
        return texts('no one reads this');
      },
      play: async ({ open, seen, log }) => {
        const wire = await open();
        wire.send(get());
        await seen.called;
        if (how === 'reset') wire.reset();
        else wire.destroy();
        await eventually(() => seen.reason !== undefined, 'the signal');
        assert.equal(seen.before, false);
        assert.ok(seen.reason instanceof Error);
        assert.equal(seen.reason.name, 'ClientDisconnected');
        await aWhile(20);
        log.isSilent();
      },
    }),
  ),
  scenario({
    id: 'A-238.fine',
    name: 'fires no signal for a request that is answered, nor for the next of its connection',
    record: () => ({ signals: [] as AbortSignal[] }),
    app: (seen) => (environ, start_response) => {
      seen.signals.push(environ['node.abort_signal']);
      return path(environ, start_response);
    },
    request: [get('/1'), get('/2')],
    check: (_outcome, { signals }) => {
      assert.deepEqual(
        signals.map(({ aborted }) => aborted),
        [false, false],
      );
    },
  }),
  scenario({
    id: 'A-238.own',
    name: 'gives each request a signal of its own, which does not fire for a later request of its connection',
    needs: ['abort'],
    record: () => ({ signals: [] as AbortSignal[], fired: undefined as boolean[] | undefined }),
    app: (seen) => async (environ, start_response) => {
      seen.signals.push(environ['node.abort_signal']);
      if (environ.PATH_INFO === '/last') {
        await new Promise((resolve) => environ['node.abort_signal'].addEventListener('abort', resolve));
        seen.fired = seen.signals.map(({ aborted }) => aborted);
      }
      return path(environ, start_response);
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(get('/1'));
      await wire.response();
      wire.send(get('/last'));
      await eventually(() => seen.signals.length === 2, 'the second request');
      wire.reset();
      await eventually(() => seen.fired !== undefined, 'the signal');
      assert.deepEqual(seen.fired, [false, true]);
    },
  }),
  scenario({
    id: 'A-239',
    name: 'logs nothing when the client leaves during the response, whatever the application then does',
    covers: ['E-119'],
    needs: ['abort'],
    record: () => ({ begun: gate(), left: gate(), gate: gate(), over: false }),
    app: (seen) =>
      async function* (environ, start_response) {
        hearLeaving(environ, seen.left);
        start_response('200 OK', PLAIN);
        yield Buffer.from('begun');
        seen.begun.open();
        await seen.gate;
        seen.over = true;
        throw new Error('a consequence of the disconnect');
      },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get());
      await seen.begun;
      wire.reset();
      await untilLeft(seen.left);
      seen.gate.open();
      await eventually(() => seen.over, 'the application to end');
      await aWhile(20);
      log.isSilent();
    },
  }),
  scenario({
    id: 'A-237',
    name: 'closes an idle connection after its keep-alive time',
    needs: ['server'],
    options: { keepAlive: 0.2 },
    app: () => ok,
    connection: 'closed',
    check: ({ first }) => assert.match(first.headers['connection'] ?? '', /^keep-alive$/i),
  }),
  scenario({
    id: 'A-237.none',
    name: 'closes after each response when connections are not to be kept',
    needs: ['server'],
    options: { keepAlive: 0 },
    app: () => ok,
    connection: 'closed',
    check: ({ first }) => assert.equal(first.headers['connection'], 'close'),
  }),
  scenario({
    id: 'A-242',
    name: 'finishes a running request when it is stopped, and closes after it',
    needs: ['server'],
    options: { gracefulTimeout: 5 },
    record: () => ({ called: gate(), gate: gate() }),
    app: (seen) => async (environ, start_response) => {
      seen.called.open();
      await seen.gate;
      return path(environ, start_response);
    },
    play: async ({ open, seen, stop }) => {
      const wire = await open();
      wire.send(get('/running'));
      await seen.called;
      const stopped = stop();
      await aWhile(20);
      seen.gate.open();
      const { responses } = await wire.closed();
      haveBodies(responses, ['/running']);
      assert.equal(responses[0]?.headers['connection'], 'close');
      await stopped;
    },
  }),
];
