/** A1: how the application is called, and start_response. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Application, Body, StartResponse } from '../../environ/types.js';
import { answer, generator, get, haveBodies, lacks, nameOf, PLAIN, plain, text, texts } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const names = function (this: unknown, ...args: unknown[]) {
  (args[1] as StartResponse)('200 OK', PLAIN);
  return texts(`${args.length} ${typeof args[0]} ${typeof args[1]} ${inspect(this, { depth: 0 })}`);
} as Application;

/** Calls it as Python would, whatever TypeScript says. */
function asBody(value: unknown): Body {
  return value as Body;
}

function returns(value: unknown): Application {
  return (_environ, start_response) => {
    start_response('200 OK', PLAIN);
    return asBody(value);
  };
}

const notIterable: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['a number', 7],
  ['a plain object', { status: 200 }],
  ['a function', () => []],
];

const bare: [string, unknown][] = [
  ['E-218', Buffer.from('bytes')],
  ['A-009.string', 'a string'],
];

export const startResponse: Scenario[] = [
  scenario({
    id: 'A-001',
    name: 'calls the application with two arguments and no this',
    app: () => names,
    check: ({ body }) => assert.equal(body, '2 object function undefined'),
  }),
  scenario({
    id: 'A-002',
    name: 'calls the same application for each request',
    record: () => ({ calls: 0 }),
    app: (seen) => (_environ, start_response) => {
      seen.calls++;
      start_response('200 OK', PLAIN);
      return texts(`call ${seen.calls}`);
    },
    request: [get('/1'), get('/2'), get('/3')],
    check: ({ responses }, seen) => {
      assert.equal(seen.calls, 3);
      haveBodies(responses, ['call 1', 'call 2', 'call 3']);
    },
  }),
  scenario({
    id: 'A-003.arguments',
    name: 'takes an application that declares no parameters',
    app: () =>
      function () {
        // biome-ignore lint/complexity/noArguments: this is what the scenario is about
        return names.call(undefined, ...(arguments as unknown as Parameters<Application>));
      } as Application,
    check: ({ body }) => assert.equal(body, '2 object function undefined'),
  }),
  scenario({
    id: 'A-003.bound',
    name: 'takes a bound method',
    app: () => {
      class Owner {
        word = 'bound';
        serve(_environ: unknown, start_response: StartResponse) {
          start_response('200 OK', PLAIN);
          return texts(this.word);
        }
      }
      const owner = new Owner();
      return owner.serve.bind(owner);
    },
    check: ({ body }) => assert.equal(body, 'bound'),
  }),
  scenario({
    id: 'A-003.proxy',
    name: 'asks nothing of the application but to be called',
    record: () => ({ asked: [] as PropertyKey[] }),
    app: (seen) =>
      new Proxy(answer(['ok']), {
        get(target, key, receiver) {
          seen.asked.push(key);
          return Reflect.get(target, key, receiver);
        },
      }),
    check: ({ body }, seen) => {
      assert.equal(body, 'ok');
      assert.deepEqual(seen.asked, []);
    },
  }),
  scenario({
    id: 'E-199',
    name: 'reads nothing from an environ that the application has emptied',
    covers: ['A-004'],
    app: () => (environ, start_response) => {
      for (const key of Object.keys(environ)) Reflect.deleteProperty(environ, key);
      start_response('200 OK', PLAIN);
      return generator([Object.keys(environ).length === 0 ? 'ok' : 'not empty', '!']);
    },
    check: ({ first, body }) => {
      assert.equal(first.status, 200);
      assert.equal(body, 'ok!');
    },
  }),
  scenario({
    id: 'A-005',
    name: 'gives each request an environ of its own',
    options: { environ: { 'x.base': 'server' } },
    app: () => (environ, start_response) => {
      const before = `${environ['x.mine']} ${environ['x.base']} ${environ['wsgi.url_scheme']}`;
      Object.assign(environ, { 'x.mine': 'changed', 'x.base': 'changed', 'wsgi.url_scheme': 'changed' });
      start_response('200 OK', PLAIN);
      return texts(before);
    },
    request: [get(), get()],
    check: ({ responses }) => {
      for (const { body } of responses) assert.equal(body.toString(), 'undefined server http');
    },
  }),
  ...[[], [undefined], [null]].map((rest) =>
    scenario({
      id: `A-006.${rest.length === 0 ? 'two' : rest[0]}`,
      name: `takes ${rest.length === 0 ? 'no third argument' : `${rest[0]} as exc_info`} for a first call`,
      covers: ['A-007'],
      app: () => (_environ, start_response) => texts(typeof start_response('200 OK', PLAIN, ...rest)),
      check: ({ body }) => assert.equal(body, 'function'),
    }),
  ),
  ...notIterable.map(([what, value]) =>
    scenario({
      id: `A-008.${what.replaceAll(' ', '-')}`,
      name: `answers 500 when the application returns ${what}`,
      app: () => returns(value),
      connection: 'closed',
      check: ({ first, body, log }) => {
        assert.equal(first.status, 500);
        assert.ok(!body.includes('object'));
        log.says(/not an iterable of byte strings/);
      },
    }),
  ),
  ...bare.map(([id, value]) =>
    scenario({
      id,
      name: `answers 500 when the application returns ${typeof value === 'string' ? 'a string' : 'bytes'}`,
      app: () => returns(value),
      connection: 'closed',
      check: ({ first, log }) => {
        assert.equal(first.status, 500);
        log.says(/return a list with it as the one item/);
      },
    }),
  ),
  scenario({
    id: 'A-010',
    name: 'takes a generator without items',
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return generator([]);
    },
    check: ({ first, body, log }) => {
      assert.equal(first.status, 200);
      assert.equal(body, '');
      log.isSilent();
    },
  }),
  scenario({
    id: 'A-011',
    name: 'waits for the first item before it decides that start_response was not called',
    app: () =>
      function* (_environ, start_response) {
        start_response('201 Late', [['X-Late', '1']]);
        yield text('late');
      },
    check: ({ first, body }) => {
      assert.equal(first.status, 201);
      assert.equal(first.headers['x-late'], '1');
      assert.equal(body, 'late');
    },
  }),
  scenario({
    id: 'E-161',
    name: 'sends the headers of a start_response in the last step of an empty iteration',
    covers: ['A-012', 'A-033'],
    app: () =>
      // biome-ignore lint/correctness/useYield: a body without items
      async function* (_environ, start_response) {
        start_response('201 Late', PLAIN);
      },
    check: ({ first, body }) => {
      assert.equal(first.status, 201);
      assert.equal(body, '');
    },
  }),
  scenario({
    id: 'E-198.item',
    name: 'answers 500 to an item before start_response, and closes the iterable',
    covers: ['A-013', 'A-063'],
    record: () => ({ closed: 0 }),
    app: (seen) => () => Object.assign(texts('x'), { close: () => void seen.closed++ }),
    connection: 'closed',
    check: ({ first, log }, seen) => {
      assert.equal(first.status, 500);
      assert.equal(seen.closed, 1);
      log.says(/did not call start_response/);
    },
  }),
  scenario({
    id: 'E-198.empty',
    name: 'answers 500 when start_response was never called',
    covers: ['A-015', 'A-063'],
    record: () => ({ closed: 0 }),
    app: (seen) => () => Object.assign([], { close: () => void seen.closed++ }),
    connection: 'closed',
    check: ({ first, log }, seen) => {
      assert.equal(first.status, 500);
      assert.equal(first.reason, 'Internal Server Error');
      assert.equal(seen.closed, 1);
      log.says(/did not call start_response/);
    },
  }),
  scenario({
    id: 'E-160',
    name: 'answers 500 when items come before start_response, which comes after them',
    covers: ['A-013'],
    app: () =>
      function* (_environ, start_response) {
        yield text('one');
        start_response('200 OK', PLAIN);
        yield text('two');
      },
    connection: 'closed',
    check: ({ first, raw }) => {
      assert.equal(first.status, 500);
      assert.ok(!raw.toString().includes('one'));
      assert.ok(!raw.toString().includes('two'));
    },
  }),
  scenario({
    id: 'A-014',
    name: 'tolerates empty items before start_response',
    app: () =>
      function* (_environ, start_response) {
        yield text('');
        yield text('');
        start_response('202 Accepted', PLAIN);
        yield text('data');
      },
    check: ({ first, body }) => {
      assert.equal(first.status, 202);
      assert.equal(body, 'data');
    },
  }),
  scenario({
    id: 'A-016',
    name: 'refuses a second call without exc_info, and keeps the first',
    covers: ['A-018'],
    app: () => (_environ, start_response) => {
      start_response('201 First', [['X-First', '1']]);
      try {
        start_response('202 Second', [['X-Second', '1']]);
      } catch (error) {
        return texts(nameOf(error));
      }
      return texts('no error');
    },
    check: ({ first, body }) => {
      assert.equal(first.status, 201);
      assert.equal(body, 'ApplicationError');
      assert.equal(first.headers['x-first'], '1');
      lacks(first.headers, 'x-second');
    },
  }),
  scenario({
    id: 'A-017',
    name: 'counts a call whose arguments were refused: only one with exc_info may follow',
    app: () => (_environ, start_response) => {
      const log: string[] = [];
      const attempt = (value: string, error?: Error) => {
        try {
          start_response('200 OK', [['X-A', value]], error);
          log.push('fine');
        } catch (thrown) {
          log.push(nameOf(thrown));
        }
      };
      attempt('bad\n');
      attempt('good');
      attempt('replaced', new Error('why'));
      return texts(log.join());
    },
    check: ({ first, body }) => {
      assert.equal(body, 'ApplicationError,ApplicationError,fine');
      assert.equal(first.headers['x-a'], 'replaced');
    },
  }),
  scenario({
    id: 'A-019',
    name: 'takes the header list as it is when start_response is called',
    app: () => (_environ, start_response) => {
      const pair: [string, string] = ['X-A', 'before'];
      const headers: [string, string][] = [pair];
      start_response('200 OK', headers);
      pair[1] = 'after';
      headers.push(['X-B', 'after'], ['Content-Length', '1']);
      return texts('body');
    },
    check: ({ first, body }) => {
      assert.equal(first.headers['x-a'], 'before');
      lacks(first.headers, 'x-b');
      assert.equal(body, 'body');
    },
  }),
  scenario({
    id: 'A-019.own',
    name: 'leaves the header list of the application alone',
    app: () => {
      const headers = [...plain()];
      return (_environ, start_response) => {
        start_response('200 OK', headers);
        return texts(String(headers.length));
      };
    },
    request: [get(), get()],
    check: ({ responses }) => {
      for (const { body } of responses) assert.equal(body.toString(), '1');
    },
  }),
];
