/** Middleware that breaks the rules of C4, between two validators. */
import type { Application } from '../../../lib/environ/types.js';
import { validator } from '../../../lib/validate/index.js';
import { type Case, HEADERS, type LooseStart, loose, serve } from '../support.js';

type Blocks = Iterable<Buffer> & { close(): void };
type Inner = (environ: unknown, start_response: unknown) => Blocks;
type AsyncInner = (
  environ: unknown,
  start_response: unknown,
) => Promise<AsyncIterable<Buffer> & { close(): void }>;
type Middleware = (inner: Inner) => (environ: Record<string, unknown>, start_response: LooseStart) => unknown;

const three = loose((_environ, start_response) => {
  start_response('200 OK', HEADERS);
  return ['a', 'b', 'c'].map((text) => Buffer.from(text));
});

const lazy = loose(function* (_environ, start_response) {
  start_response('200 OK', HEADERS);
  yield Buffer.from('a');
  yield Buffer.from('b');
});

const asynchronous = loose(async function* (_environ, start_response) {
  start_response('200 OK', HEADERS);
  yield Buffer.from('a');
  await new Promise((resolve) => setImmediate(resolve));
  yield Buffer.from('b');
});

function between(middleware: Middleware, app: Application = three) {
  return () => serve(validator(loose(middleware(validator(app) as unknown as Inner))));
}

/** What a generator does that passes items on as it should. */
function* passed(body: Blocks): Generator<Buffer> {
  try {
    yield* body;
  } finally {
    body.close();
  }
}

export const MIDDLEWARE: readonly Case[] = [
  {
    id: 'C-111',
    what: 'one that joins all items',
    code: 'middleware-withholds',
    run: between(
      (inner) =>
        function* (environ, start_response) {
          const body = inner(environ, start_response);
          yield Buffer.concat([...body]);
          body.close();
        },
    ),
  },
  {
    id: 'C-111',
    what: 'one that joins two asynchronous items',
    code: 'middleware-withholds',
    run: between(
      (inner) =>
        async function* (environ, start_response) {
          const body = await (inner as unknown as AsyncInner)(environ, start_response);
          const blocks: Buffer[] = [];
          for await (const block of body) blocks.push(block);
          yield Buffer.concat(blocks);
          body.close();
        },
      asynchronous,
    ),
  },
  {
    id: 'C-111',
    what: 'one that yields an empty block while it collects',
    run: between(
      (inner) =>
        function* (environ, start_response) {
          const body = inner(environ, start_response);
          const blocks: Buffer[] = [];
          for (const block of body) {
            blocks.push(block);
            yield Buffer.alloc(0);
          }
          yield Buffer.concat(blocks);
          body.close();
        },
    ),
  },
  {
    id: 'C-111',
    what: 'one that passes on two bodies in turn',
    run: between(
      (inner) =>
        function* (environ, start_response) {
          yield* passed(inner(environ, start_response));
          yield* passed(inner({ ...environ }, () => () => undefined));
        },
    ),
  },
  {
    id: 'C-112',
    what: 'one that reads the body before it returns',
    code: 'middleware-eager',
    run: between((inner) => (environ, start_response) => {
      const body = inner({ ...environ }, start_response);
      const blocks = [...body];
      body.close();
      return blocks;
    }),
  },
  {
    id: 'C-112',
    what: 'one that reads on after start_response was called',
    code: 'middleware-eager',
    run: between(
      (inner) => (environ, start_response) => {
        const body = inner(environ, start_response);
        const blocks = [...body];
        body.close();
        return blocks;
      },
      lazy,
    ),
  },
  {
    id: 'C-112',
    what: 'one that asks for the first item to learn the status',
    run: between(
      (inner) => (environ, start_response) => {
        const body = inner(environ, start_response);
        const iterator = body[Symbol.iterator]();
        const first = iterator.next().value as Buffer;
        return (function* () {
          yield first;
          for (let step = iterator.next(); !step.done; step = iterator.next()) yield step.value;
          body.close();
        })();
      },
      lazy,
    ),
  },
  {
    id: 'C-113',
    what: 'one that does not close',
    code: 'middleware-leaves-open',
    run: between((inner) => (environ, start_response) => ({
      *[Symbol.iterator]() {
        yield* inner(environ, start_response);
      },
    })),
  },
  {
    id: 'C-113',
    what: 'one that drops the body for another',
    code: 'middleware-leaves-open',
    run: between((inner) => (environ, start_response) => {
      inner(environ, () => () => undefined);
      start_response('404 Not Found', HEADERS);
      return [];
    }),
  },
  {
    id: 'C-113',
    what: 'one that returns the body itself',
    run: between((inner) => (environ, start_response) => inner(environ, start_response)),
  },
  {
    id: 'C-113',
    what: 'one that closes in a generator',
    run: between((inner) => (environ, start_response) => passed(inner(environ, start_response))),
  },
  {
    id: 'C-105',
    what: 'middleware that throws, and leaves the body open',
    code: 'not-closed',
    run: async () => {
      const failing = between((inner) => (environ, start_response) => {
        inner(environ, start_response);
        throw new RangeError('the middleware');
      });
      await failing().catch((error: unknown) => {
        if (!(error instanceof RangeError)) throw error;
      });
    },
  },
];
