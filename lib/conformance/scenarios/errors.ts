/** A15: applications that fail. */
import assert from 'node:assert/strict';
import type { Application } from '../../environ/types.js';
import {
  answer,
  CLOSE,
  get,
  get10,
  head,
  KEEP_ALIVE,
  lacks,
  PLAIN,
  plain,
  text,
  texts,
} from '../messages.js';
import { type Outcome, type Scenario, scenario } from '../scenario.js';

const dies: Application = () => {
  throw new Error('the secret of the application');
};

const diesLater: Application = (_environ, start_response) => {
  start_response('200 OK', [['X-Old', '1'], ...plain(100)]);
  throw new Error('the secret of the application');
};

const thrown: [name: string, value: unknown][] = [
  ['a string', 'secret'],
  ['null', null],
  ['undefined', undefined],
  ['zero', 0],
  ['an object', { status: 404, secret: 1 }],
  ['an object without a prototype', Object.create(null)],
];

/** Four ways to fail before anything was sent. */
const early: [name: string, fail: (value: unknown) => Application][] = [
  [
    'thrown',
    (value) => () => {
      throw value;
    },
  ],
  ['rejected', (value) => () => Promise.reject(value)],
  [
    'iterated',
    (value) =>
      // biome-ignore lint/correctness/useYield: it fails first
      function* () {
        throw value;
      },
  ],
  [
    'iterated asynchronously',
    (value) =>
      // biome-ignore lint/correctness/useYield: it fails first
      async function* () {
        throw value;
      },
  ],
];

const requests: [name: string, request: string][] = [
  ['HTTP/1.0', get10()],
  ['HTTP/1.0 with keep-alive', get10('/', KEEP_ALIVE)],
  ['HTTP/1.1', get()],
  ['HTTP/1.1 with close', get('/', CLOSE)],
];

/** PEP 3333 "Error Handling": the response, and what it gives away. */
function isErrorPage(): (outcome: Outcome) => void {
  return ({ first, body, raw, log, can }) => {
    assert.equal(first.status, 500);
    assert.equal(first.reason, 'Internal Server Error');
    assert.match(first.headers['content-type'] ?? '', /^text\/plain/);
    assert.equal(first.headers['content-length'], String(body.length));
    if (can('closes')) assert.equal(first.headers['connection'], 'close');
    assert.ok('date' in first.headers);
    lacks(first.headers, 'x-old');
    assert.doesNotMatch(raw.toString('latin1'), /secret/i);
    log.says(/secret/);
  };
}

export const errors: Scenario[] = [
  ...requests.flatMap(([name, request]) => [
    scenario({
      id: `E-080.${name}`,
      name: `answers 500 when the application throws, on ${name}`,
      covers: ['A-250', 'A-251', 'A-252', 'A-253', 'E-114', 'A-236'],
      needs: request.includes('HTTP/1.0') ? ['http10'] : [],
      app: () => dies,
      request,
      connection: 'closed',
      check: isErrorPage(),
    }),
    scenario({
      id: `E-081.${name}`,
      name: `answers 500 when the application throws after start_response, on ${name}`,
      covers: ['A-250', 'A-251'],
      needs: request.includes('HTTP/1.0') ? ['http10'] : [],
      app: () => diesLater,
      request,
      connection: 'closed',
      check: isErrorPage(),
    }),
  ]),
  ...early.flatMap(([how, fail]) =>
    thrown.map(([what, value]) =>
      scenario({
        id: `A-260.${how.replaceAll(' ', '-')}.${what.replaceAll(' ', '-')}`,
        name: `answers 500 when ${what} is ${how}`,
        covers: ['A-254', 'A-261'],
        app: () => fail(value),
        connection: 'closed',
        check: ({ first, raw, log }) => {
          assert.equal(first.status, 500);
          assert.ok(!raw.toString().includes('secret'));
          log.says(/Error in the application \(received \S+Z\)\nThrown: /);
        },
      }),
    ),
  ),
  scenario({
    id: 'E-020',
    name: 'outlives an application that takes wsgi.errors away and dies, and still logs why',
    covers: ['A-186', 'A-259'],
    app: () => (environ, start_response) => {
      if (environ.PATH_INFO === '/fine') return answer(['fine'])(environ, start_response);
      environ['wsgi.errors'] = null as never;
      throw new Error('Throwing an exception from app handler. Server should not crash.');
    },
    play: async ({ open, log }) => {
      const one = await open();
      one.send(get());
      assert.equal((await one.response()).status, 500);
      const two = await open();
      two.send(get('/fine'));
      assert.equal((await two.response()).body.toString(), 'fine');
      log.says(/Server should not crash/);
    },
  }),
  scenario({
    id: 'A-254',
    name: 'answers 500 when the iteration fails after empty items',
    app: () =>
      function* (_environ, start_response) {
        start_response('200 OK', [['X-Old', '1']]);
        yield text('');
        throw new Error('secret');
      },
    connection: 'closed',
    check: isErrorPage(),
  }),
  scenario({
    id: 'E-082',
    name: 'sends nothing after a head that was written when the application throws',
    covers: ['A-255', 'A-236'],
    needs: ['cuts'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', plain(9))(text(''));
      throw new Error('after write');
    },
    connection: 'closed',
    check: ({ first, raw, log }) => {
      assert.equal(first.status, 200);
      assert.match(raw.toString(), /\r\n\r\n$/);
      assert.ok(!raw.toString().includes('500'));
      log.saysTimes(/after write/, 1);
    },
  }),
  scenario({
    id: 'E-115',
    name: 'ends with what was written when the application throws after it',
    covers: ['A-255', 'A-096'],
    needs: ['cuts'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN)(text('output'));
      throw new Error('after write');
    },
    connection: 'closed',
    check: ({ first, body, raw, log }) => {
      assert.equal(first.complete, false);
      assert.equal(body, 'output');
      assert.equal(raw.toString().match(/HTTP\/1/g)?.length, 1);
      log.saysTimes(/after write/, 1);
    },
  }),
  ...['E-163', 'E-164', 'E-083'].map((id) =>
    scenario({
      id,
      name:
        id === 'E-163'
          ? 'leaves a chunked body without its end when the iteration fails'
          : id === 'E-164'
            ? 'closes when the iteration fails, on HTTP/1.0'
            : 'closes short of the Content-Length when the iteration fails',
      covers: ['A-096', 'A-255'],
      needs: id === 'E-164' ? ['http10', 'cuts'] : ['cuts'],
      app: () =>
        async function* (_environ, start_response) {
          start_response('200 OK', id === 'E-083' ? plain(100) : PLAIN);
          for (let i = 0; i < 5; i++) yield text(`part ${i}.`);
          throw new Error('mid-body');
        },
      request: id === 'E-164' ? get10() : get(),
      connection: 'closed',
      check: ({ first, body, raw, log }) => {
        assert.equal(first.status, 200);
        assert.equal(body, 'part 0.part 1.part 2.part 3.part 4.');
        assert.doesNotMatch(raw.toString(), /\r\n0\r\n/);
        assert.ok(!raw.toString().includes('500'));
        if (id !== 'E-164') assert.equal(first.complete, false);
        log.saysTimes(/mid-body/, 1);
      },
    }),
  ),
  scenario({
    id: 'E-217',
    name: 'cuts the body off at an item that is not bytes',
    covers: ['A-255'],
    needs: ['cuts'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return [text('bytes'), 'text' as unknown as Uint8Array, text('never')];
    },
    connection: 'closed',
    check: ({ first, body, log }) => {
      assert.equal(first.status, 200);
      assert.equal(first.complete, false);
      assert.equal(body, 'bytes');
      log.says(/encode it: Buffer\.from\(text\)/);
    },
  }),
  ...['text', '', 7, null, [1], new ArrayBuffer(1)].map((item) =>
    scenario({
      id: `A-250.item.${item === null ? 'null' : item === '' ? 'empty' : item.constructor.name}`,
      name: `answers 500 when the one item is ${JSON.stringify(item)}`,
      app: () => (_environ, start_response) => {
        start_response('200 OK', [['X-Old', '1']]);
        return [item as unknown as Uint8Array];
      },
      connection: 'closed',
      check: ({ first, log }) => {
        assert.equal(first.status, 500);
        lacks(first.headers, 'x-old');
        log.says(/The body has an item that is .*, not bytes/);
      },
    }),
  ),
  scenario({
    id: 'E-084',
    name: 'hides the traceback, and counts the bytes of its page right',
    covers: ['A-252'],
    app: () => () => {
      throw new Error('secret \u20ac');
    },
    connection: 'closed',
    check: isErrorPage(),
  }),
  scenario({
    id: 'A-258',
    name: 'answers HEAD with the head of a 500 alone',
    app: () => dies,
    request: head(),
    connection: 'closed',
    check: ({ first, raw }) => {
      assert.equal(first.status, 500);
      assert.match(raw.toString(), /^(.+\r\n)+\r\n$/);
    },
  }),
  scenario({
    id: 'A-262',
    name: 'calls an application that fails once, not again',
    covers: ['A-259'],
    record: () => ({ calls: 0 }),
    app: (seen) => () => {
      seen.calls++;
      throw new Error('once');
    },
    connection: 'closed',
    check: (_outcome, seen) => assert.equal(seen.calls, 1),
  }),
  scenario({
    id: 'A-259',
    name: 'serves the next connection after each kind of failure',
    app: () => (environ, start_response) => {
      if (environ.PATH_INFO === '/fine') return answer(['fine'])(environ, start_response);
      start_response('200 OK', PLAIN);
      if (environ.PATH_INFO === '/1') throw new Error('one');
      if (environ.PATH_INFO === '/2') return Promise.reject(new Error('two'));
      return texts('a', 7 as unknown as string);
    },
    play: async ({ open }) => {
      for (const path of ['/1', '/2', '/3']) {
        const bad = await open();
        bad.send(get(path, CLOSE));
        await bad.closed();
        const good = await open();
        good.send(get('/fine'));
        assert.equal((await good.response()).body.toString(), 'fine');
      }
    },
  }),
];
