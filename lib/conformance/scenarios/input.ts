/** A10: wsgi.input. */
import assert from 'node:assert/strict';
import type { Environ, Input } from '../../environ/types.js';
import {
  CLOSE,
  echo,
  eventually,
  gate,
  get,
  get10,
  haveBodies,
  message,
  nameOf,
  PLAIN,
  post,
  postChunks,
  readAndTell,
  report,
  text,
  texts,
} from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const LINES = 'one\ntwo\r\n\nlast';

/** What these calls give, one after the other, as latin-1. */
function calls(...list: ((input: Input) => Promise<Buffer | Buffer[]>)[]) {
  return report(async (environ: Environ) => {
    const results: unknown[] = [];
    for (const call of list) {
      const result = await call(environ['wsgi.input']);
      const all = Array.isArray(result) ? result : [result];
      if (!all.every((part) => part instanceof Buffer)) throw new Error('not bytes');
      const words = all.map((part) => part.toString('latin1'));
      results.push(Array.isArray(result) ? words : words[0]);
    }
    return results;
  });
}

async function lines(input: Input): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const line of input) found.push(line);
  return found;
}

interface Reading {
  id: string;
  name: string;
  request: string;
  calls: ((input: Input) => Promise<Buffer | Buffer[]>)[];
  results: unknown[];
  covers?: string[];
}

// biome-ignore format: one row each
const table: Reading[] = [
  {
    id: 'A-150',
    name: 'reads by size and by line, and iterates',
    request: post(LINES),
    calls: [(input) => input.read(2), (input) => input.readline(), (input) => input.readlines(), lines],
    results: ['on', 'e\n', ['two\r\n', '\n', 'last'], []],
    covers: ['A-151', 'A-161'],
  },
  {
    id: 'A-152',
    name: 'ends at the Content-Length, however much is asked for',
    request: post(LINES),
    calls: [(input) => input.read(1000), (input) => input.read(1000), (input) => input.read()],
    results: [LINES, '', ''],
    covers: ['A-156'],
  },
  {
    id: 'E-141',
    name: 'reads all that remains without a size, and with null, undefined or -1',
    request: post('abcdef'),
    calls: [(input) => input.read(0), (input) => input.read(1), (input) => input.read(null), (input) => input.read()],
    results: ['', 'a', 'bcdef', ''],
    covers: ['A-153', 'A-154'],
  },
  {
    id: 'A-153.negative',
    name: 'reads all that remains with a negative size',
    request: post('abcdef'),
    calls: [(input) => input.read(2), (input) => input.read(-1), (input) => input.read(undefined)],
    results: ['ab', 'cdef', ''],
  },
  {
    id: 'A-156',
    name: 'gives nothing at the end, again and again, by every method',
    request: post('x'),
    calls: [(input) => input.read(), (input) => input.read(5), (input) => input.readline(), (input) => input.readlines(), lines, lines],
    results: ['x', '', '', [], [], []],
  },
  {
    id: 'A-157',
    name: 'ends a line with LF only, and gives the last one as it is',
    request: post(LINES),
    calls: Array.from({ length: 5 }, () => (input: Input) => input.readline()),
    results: ['one\n', 'two\r\n', '\n', 'last', ''],
  },
  {
    id: 'A-158',
    name: 'takes a size for readline()',
    request: post(LINES),
    calls: [(input) => input.readline(0), (input) => input.readline(3), (input) => input.readline(3), (input) => input.readline(-1), (input) => input.readline(99)],
    results: ['', 'one', '\n', 'two\r\n', '\n'],
  },
  {
    id: 'A-159',
    name: 'stops after the line that brings readlines() to its hint',
    request: post('aa\nbb\ncc\n'),
    calls: [(input) => input.readlines(4), (input) => input.readlines(0)],
    results: [['aa\n', 'bb\n'], ['cc\n']],
  },
  {
    id: 'E-207',
    name: 'iterates by line, as readline() would',
    request: post(LINES),
    calls: [lines],
    results: [['one\n', 'two\r\n', '\n', 'last']],
    covers: ['A-160'],
  },
  {
    id: 'A-161',
    name: 'has one position for all methods',
    request: post('abc\ndef\nghi\njkl'),
    calls: [(input) => input.read(1), (input) => input.readline(), (input) => input.readline(2), (input) => input.readlines(1), (input) => input.read(3), lines],
    results: ['a', 'bc\n', 'de', ['f\n'], 'ghi', ['\n', 'jkl']],
  },
  {
    id: 'E-206',
    name: 'is at its end at once when the request has no body',
    request: get(),
    calls: [(input) => input.read(), (input) => input.read(5), (input) => input.readline(), (input) => input.readlines(), lines],
    results: ['', '', '', [], []],
    covers: ['A-162', 'E-034'],
  },
  {
    id: 'E-043',
    name: 'is at its end at once when the Content-Length is 0',
    request: post(''),
    calls: [(input) => input.read()],
    results: [''],
  },
  {
    id: 'E-047',
    name: 'reads an empty body in chunks',
    request: postChunks([]),
    calls: [(input) => input.read(), (input) => input.readline()],
    results: ['', ''],
    covers: ['A-163'],
  },
  {
    id: 'A-163',
    name: 'decodes a body in chunks',
    request: postChunks(['hello', ' world', '\nmore']),
    calls: [(input) => input.readline(), (input) => input.read(2), (input) => input.read()],
    results: ['hello world\n', 'mo', 're'],
  },
  {
    id: 'E-044',
    name: 'leaves CRLF in a body alone',
    request: post('Echo\r\nthis\r\nplease'),
    calls: [(input) => input.read()],
    results: ['Echo\r\nthis\r\nplease'],
  },
];

const bytes256 = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));

export const input: Scenario[] = [
  ...table.map(({ id, name, request, calls: list, results, covers = [] }) =>
    scenario({
      id,
      name,
      covers,
      app: () => calls(...list),
      request,
      check: ({ json }) => assert.deepEqual(json, results),
    }),
  ),
  scenario({
    id: 'A-170',
    name: 'passes all 256 bytes through, both ways',
    covers: ['A-037'],
    app: () => echo,
    request: post(bytes256),
    check: ({ body }) => assert.equal(body, bytes256),
  }),
  scenario({
    id: 'A-170.chunks',
    name: 'passes all 256 bytes through in chunks',
    app: () => echo,
    request: postChunks([...bytes256].map((char) => char)),
    check: ({ body }) => assert.equal(body, bytes256),
  }),
  scenario({
    id: 'A-155',
    name: 'waits for all that read(n) asked for, however it is cut up on the way',
    needs: ['streaming'],
    record: () => ({ first: gate() }),
    app: (seen) => async (environ, start_response) => {
      const one = await environ['wsgi.input'].read(4);
      seen.first.open();
      const two = await environ['wsgi.input'].read(6);
      const three = await environ['wsgi.input'].readline();
      start_response('200 OK', PLAIN);
      return texts([one, two, three].map((part) => part.toString()).join('|'));
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(post('0123456789ab\n').slice(0, -10));
      wire.send('345');
      await seen.first;
      wire.send('6789');
      wire.send('ab\n');
      assert.equal((await wire.response()).body.toString(), '0123|456789|ab\n');
    },
  }),
  scenario({
    id: 'A-161.together',
    name: 'serves reads that were started together in their order',
    app: () =>
      report(async (environ) => {
        const source = environ['wsgi.input'];
        const all = await Promise.all([source.read(2), source.readline(), source.read(0), source.read()]);
        return all.map((part) => part.toString());
      }),
    request: post('abcd\nef'),
    check: ({ json }) => assert.deepEqual(json, ['ab', 'cd\n', '', 'ef']),
  }),
  scenario({
    id: 'A-168',
    name: 'is read from inside the body of the response, after its first item',
    needs: ['streaming'],
    app: () =>
      async function* (environ, start_response) {
        start_response('200 OK', PLAIN);
        yield text('head:');
        yield await environ['wsgi.input'].read(4);
        for await (const line of environ['wsgi.input']) yield line;
      },
    play: async ({ open }) => {
      const wire = await open();
      wire.send(post('01234567\n89', CLOSE).slice(0, -11));
      await wire.got('head:');
      wire.send('01234567\n89');
      await wire.closed();
      assert.equal((await wire.response()).body.toString(), 'head:01234567\n89');
    },
  }),
  scenario({
    id: 'A-169',
    name: 'never reads from the next request, once its own is over',
    record: () => ({ late: undefined as Input | undefined, result: '' }),
    app: (seen) => async (environ, start_response) => {
      const { late } = seen;
      seen.late ??= environ['wsgi.input'];
      if (late !== undefined) {
        seen.result = await late.read().then(
          (part) => `read ${JSON.stringify(part.toString())}`,
          (error) => nameOf(error),
        );
      }
      start_response('200 OK', PLAIN);
      return late === undefined ? texts('first') : [await environ['wsgi.input'].read()];
    },
    play: async ({ open, seen }) => {
      const wire = await open();
      wire.send(post('one'), post('two'));
      const all = await wire.responses(2);
      haveBodies(all, ['first', 'two']);
      assert.match(seen.result, /^(ApplicationError|read "")$/);
    },
  }),
  scenario({
    id: 'A-165',
    name: 'throws when the client leaves during its body, and logs no error',
    needs: ['abort'],
    record: () => ({ called: gate(), thrown: '' }),
    app: (seen) => readAndTell(seen, seen.called),
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(message('POST / HTTP/1.1', ['Host: h', 'Content-Length: 20'], '14 bytes of it'));
      await seen.called;
      wire.reset();
      await eventually(() => seen.thrown !== '', 'read() to throw');
      assert.equal(seen.thrown, 'ClientDisconnected');
      log.isSilent();
    },
  }),
  scenario({
    id: 'A-165.fin',
    name: 'refuses a body that ends short of its Content-Length',
    needs: ['abort', 'raw-http'],
    app: () => echo,
    play: async ({ open, log }) => {
      const wire = await open();
      wire.send(message('POST / HTTP/1.1', ['Host: h', 'Content-Length: 20'], '14 bytes of it'));
      wire.halfClose();
      const { responses } = await wire.closed();
      assert.deepEqual(
        responses.map(({ status }) => status),
        [400],
      );
      log.isSilent();
    },
  }),
  scenario({
    id: 'E-042',
    name: 'reads the body of a GET',
    needs: ['http10'],
    app: () =>
      report(async (environ) => [environ.CONTENT_LENGTH, (await environ['wsgi.input'].read()).toString()]),
    request: `${get10('/', 'Content-Length: 5')}hello`,
    connection: 'closed',
    check: ({ json }) => assert.deepEqual(json, ['5', 'hello']),
  }),
];
