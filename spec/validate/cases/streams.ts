/** Programs that break the rules of C5: input and error streams, on both sides. */
import { TextErrorStream } from '../../../lib/environ/error-stream.js';
import { validator } from '../../../lib/validate/index.js';
import { type Case, environOf, inputOf, loose, plain, serve } from '../support.js';

type Loose = Record<string, (...args: unknown[]) => unknown>;

/** A program that uses wsgi.input, whatever it is. */
function input(use: (stream: Loose) => unknown, changes: Record<string, unknown> = {}) {
  const app = loose(async (environ, start_response) => {
    await use(environ['wsgi.input'] as Loose);
    return plain(environ, start_response);
  });
  const environ = { CONTENT_LENGTH: '5', 'wsgi.input': inputOf('a\nb', '\nc'), ...changes };
  return () => serve(validator(app), { environ: environOf(environ) });
}

/** The same, where reading may wait for ever. */
const OPEN_ENDED = { 'wsgi.input_terminated': undefined };

function errors(use: (stream: Loose) => unknown) {
  return () =>
    serve(
      validator(
        loose((environ, start_response) => {
          use(environ['wsgi.errors'] as Loose);
          return plain(environ, start_response);
        }),
      ),
    );
}

/** A stream of the server that is wrong. */
function broken(members: object) {
  const whole = {
    read: () => '',
    readline: () => '',
    readlines: () => [],
    *[Symbol.iterator]() {},
    ...members,
  };
  return { 'wsgi.input': whole };
}

function iterated(stream: Loose) {
  return [...(stream as unknown as Iterable<unknown>)];
}

export const STREAMS: readonly Case[] = [
  { id: 'C-130', what: 'no size', code: 'input-read-all', run: input((it) => it['read']?.(), OPEN_ENDED) },
  { id: 'C-130', what: 'null', code: 'input-read-all', run: input((it) => it['read']?.(null), OPEN_ENDED) },
  { id: 'C-130', what: 'no size, where the input ends', run: input((it) => it['read']?.()) },
  { id: 'C-131', what: 'two sizes', code: 'input-read-arguments', run: input((it) => it['read']?.(1, 2)) },
  { id: 'C-132', what: 'a text', code: 'input-size', run: input((it) => it['read']?.('5')) },
  { id: 'C-132', what: 'a fraction', code: 'input-size', run: input((it) => it['read']?.(1.5)) },
  {
    id: 'C-132',
    what: 'NaN to readline',
    code: 'input-size',
    run: input((it) => it['readline']?.(Number.NaN)),
  },
  {
    id: 'C-132',
    what: 'a text to readlines',
    code: 'input-size',
    run: input((it) => it['readlines']?.('5')),
  },
  { id: 'C-132', what: 'undefined', run: input((it) => it['read']?.(undefined)) },
  { id: 'C-133', what: '-1', code: 'input-negative-size', run: input((it) => it['read']?.(-1)) },
  {
    id: 'C-134',
    what: 'no size',
    code: 'input-readline-all',
    run: input((it) => it['readline']?.(), OPEN_ENDED),
  },
  { id: 'C-134', what: 'no size, where the input ends', run: input((it) => it['readline']?.()) },
  {
    id: 'C-135',
    what: 'two sizes to readline',
    code: 'input-readline-arguments',
    run: input((it) => it['readline']?.(1, 2)),
  },
  {
    id: 'C-135',
    what: 'two hints to readlines',
    code: 'input-readline-arguments',
    run: input((it) => it['readlines']?.(1, 2)),
  },
  { id: 'C-136', what: 'text', code: 'input-not-bytes', run: input((it) => it['read']?.(1), broken({})) },
  {
    id: 'C-136',
    what: 'a line of text',
    code: 'input-not-bytes',
    run: input((it) => it['readline']?.(1), broken({})),
  },
  {
    id: 'C-136',
    what: 'a promise of text',
    code: 'input-not-bytes',
    run: input((it) => it['read']?.(1), broken({ read: async () => 'x' })),
  },
  {
    id: 'C-136',
    what: 'bytes for lines',
    code: 'input-not-bytes',
    run: input((it) => it['readlines']?.(), broken({ readlines: () => Buffer.from('x') })),
  },
  {
    id: 'C-136',
    what: 'lines of text',
    code: 'input-not-bytes',
    run: input((it) => it['readlines']?.(), broken({ readlines: () => ['x'] })),
  },
  {
    id: 'C-136',
    what: 'text by iteration',
    code: 'input-not-bytes',
    run: input(
      iterated,
      broken({
        *[Symbol.iterator]() {
          yield 'x';
        },
      }),
    ),
  },
  ...['read', 'readline'].map(
    (name): Case => ({
      id: 'C-137',
      what: name,
      code: 'input-too-much',
      run: input((it) => it[name]?.(1), broken({ [name]: () => Buffer.from('ab') })),
    }),
  ),
  { id: 'C-138', what: 'close()', code: 'input-closed', run: input((it) => it['close']?.()) },
  ...['seek', 'tell', 'pipe', 'on'].map(
    (name): Case => ({
      id: 'C-139',
      what: name,
      code: 'input-other-member',
      run: input((it) => it[name]?.(0)),
    }),
  ),
  {
    id: 'C-139',
    what: 'a member that only this server has',
    code: 'input-other-member',
    run: input((it) => it['readInto']?.(0), {
      'wsgi.input': Object.assign(inputOf(), { readInto: () => 0 }),
    }),
  },
  {
    id: 'C-139',
    what: 'a member that is set',
    code: 'input-other-member',
    run: input((it) => Reflect.set(it, 'encoding', 'utf8')),
  },
  {
    id: 'C-139',
    what: 'a look for members that are absent',
    run: input((it) => [it['read1'], it['then'], it['getReader'], 'pipe' in it]),
  },
  {
    id: 'C-140',
    what: 'more than CONTENT_LENGTH',
    code: 'input-beyond-length',
    run: input((it) => it['read']?.(6), OPEN_ENDED),
  },
  {
    id: 'C-140',
    what: 'more than what is left',
    code: 'input-beyond-length',
    run: input(async (it) => [await it['read']?.(3), await it['read']?.(3)], OPEN_ENDED),
  },
  {
    id: 'C-140',
    what: 'anything where there is no CONTENT_LENGTH',
    code: 'input-beyond-length',
    run: input((it) => it['read']?.(1), { ...OPEN_ENDED, CONTENT_LENGTH: '' }),
  },
  { id: 'C-140', what: 'all of CONTENT_LENGTH', run: input((it) => it['read']?.(5), OPEN_ENDED) },
  { id: 'C-140', what: 'more, where the input ends', run: input((it) => it['read']?.(6)) },
  { id: 'C-150', what: 'bytes', code: 'errors-write', run: errors((it) => it['write']?.(Buffer.from('x'))) },
  { id: 'C-150', what: 'an Error', code: 'errors-write', run: errors((it) => it['write']?.(new Error('x'))) },
  { id: 'C-150', what: 'two texts', code: 'errors-write', run: errors((it) => it['write']?.('a', 'b')) },
  { id: 'C-150', what: 'nothing', code: 'errors-write', run: errors((it) => it['write']?.()) },
  {
    id: 'C-151',
    what: 'a number',
    code: 'errors-writelines',
    run: errors((it) => it['writelines']?.(['a', 1])),
  },
  { id: 'C-151', what: 'no iterable', code: 'errors-writelines', run: errors((it) => it['writelines']?.(1)) },
  {
    id: 'C-151',
    what: 'two lists',
    code: 'errors-writelines',
    run: errors((it) => it['writelines']?.([], [])),
  },
  { id: 'C-152', what: 'close()', code: 'errors-closed', run: errors((it) => it['close']?.()) },
  { id: 'C-153', what: 'flush(true)', code: 'errors-flush', run: errors((it) => it['flush']?.(true)) },
  {
    id: 'C-153',
    what: 'all that is right',
    run: () => {
      let text = '';
      const stream = new TextErrorStream({ write: (part) => (text += part) });
      const app = validator(
        loose((environ, start_response) => {
          const it = environ['wsgi.errors'] as TextErrorStream;
          it.write('a');
          it.writelines(['b', 'c']);
          it.flush();
          if (text !== 'abc') throw new Error(`It wrote ${text}`);
          return plain(environ, start_response);
        }),
      );
      return serve(app, { environ: environOf({ 'wsgi.errors': stream }) });
    },
  },
];
