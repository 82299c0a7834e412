/** Programs that break the rules of C1, and C-087: the calls between server and application. */
import { validator } from '../../../lib/validate/index.js';
import {
  type Case,
  environOf,
  HEADERS,
  type LooseApp,
  type LooseWrite,
  loose,
  plain,
  REMOVED,
  serve,
} from '../support.js';

function app(run: LooseApp, start_response?: () => never) {
  return () => serve(validator(loose(run)), start_response === undefined ? {} : { start_response });
}

/** Calls the validated application as a server that is wrong. */
function called(...args: unknown[]) {
  return () => (validator(loose(plain)) as (...all: unknown[]) => unknown)(...args);
}

function excInfo(value: unknown) {
  return app((_environ, start_response) => {
    start_response('500 Oops', HEADERS, value);
    return [];
  });
}

/** What a server throws once the headers are sent. */
class HeadersSent extends Error {}

function headersSent(): never {
  throw new HeadersSent();
}

function write(use: (write: LooseWrite) => unknown): () => unknown {
  return app((environ, start_response) => {
    use(start_response('200 OK', HEADERS));
    return plain(environ, () => () => undefined);
  });
}

const ok = Buffer.from('ok');

export const CALLS: readonly Case[] = [
  {
    id: 'C-001',
    what: 'an object for an application',
    code: 'app-not-callable',
    run: () => validator({} as never),
  },
  { id: 'C-001', what: 'no application', code: 'app-not-callable', run: () => validator(undefined as never) },
  { id: 'C-002', what: 'a call with environ alone', code: 'app-arguments', run: called(environOf()) },
  {
    id: 'C-002',
    what: 'a call with three arguments',
    code: 'app-arguments',
    run: called(environOf(), () => () => undefined, null),
  },
  {
    id: 'C-003',
    what: 'start_response with a status alone',
    code: 'start-response-arguments',
    run: app((_environ, start_response) => start_response('200 OK')),
  },
  {
    id: 'C-003',
    what: 'start_response with one object of options',
    code: 'start-response-arguments',
    run: app((_environ, start_response) => start_response({ status: '200 OK', headers: [] })),
  },
  {
    id: 'C-003',
    what: 'start_response with four arguments',
    code: 'start-response-arguments',
    run: app((_environ, start_response) => start_response('200 OK', HEADERS, null, null)),
  },
  {
    id: 'C-004',
    what: 'an object for start_response',
    code: 'start-response-not-callable',
    run: called(environOf(), {}),
  },
  {
    id: 'C-005',
    what: 'a second start_response',
    code: 'start-response-twice',
    run: app((environ, start_response) => {
      start_response('200 OK', HEADERS);
      return plain(environ, start_response);
    }),
  },
  {
    id: 'C-005',
    what: 'a second start_response with null for exc_info',
    code: 'start-response-twice',
    run: app((_environ, start_response) => {
      start_response('200 OK', HEADERS);
      start_response('500 Oops', HEADERS, null);
      return [];
    }),
  },
  {
    id: 'C-005',
    what: 'a second start_response with exc_info',
    run: app((_environ, start_response) => {
      start_response('200 OK', HEADERS);
      start_response('500 Oops', HEADERS, [TypeError, new TypeError('x'), null]);
      return [];
    }),
  },
  {
    id: 'C-006',
    what: 'an error of start_response that is caught, and then a body',
    code: 'exc-info-swallowed',
    run: app((_environ, start_response) => {
      try {
        start_response('500 Oops', HEADERS, new Error('x'));
      } catch {
        // The mistake.
      }
      return [ok];
    }, headersSent),
  },
  {
    id: 'C-006',
    what: 'the same in a generator',
    code: 'exc-info-swallowed',
    run: app(function* (_environ, start_response) {
      try {
        start_response('500 Oops', HEADERS, new Error('x'));
      } catch {
        yield ok;
      }
    }, headersSent),
  },
  {
    id: 'C-006',
    what: 'an error of start_response that goes through',
    run: () =>
      app(
        (_environ, start_response) => start_response('500 Oops', HEADERS, new Error('x')),
        headersSent,
      )().catch((error) => {
        if (!(error instanceof HeadersSent)) throw error;
      }),
  },
  {
    id: 'C-007',
    what: 'write used as a stream',
    code: 'write-not-called',
    run: write((stream) => Reflect.get(stream, 'end')),
  },
  {
    id: 'C-007',
    what: 'a member set on write',
    code: 'write-not-called',
    run: write((stream) => Reflect.set(stream, 'encoding', 'utf8')),
  },
  { id: 'C-007', what: 'write called by call', run: write((stream) => stream.call(undefined, ok)) },
  { id: 'C-008', what: 'write without argument', code: 'write-arguments', run: write((stream) => stream()) },
  {
    id: 'C-008',
    what: 'write with an encoding',
    code: 'write-arguments',
    run: write((stream) => stream(ok, 'utf8')),
  },
  {
    id: 'C-009',
    what: 'write in a generator',
    code: 'write-while-iterating',
    run: app(function* (_environ, start_response) {
      start_response('200 OK', HEADERS)(ok);
      yield ok;
    }),
  },
  {
    id: 'C-009',
    what: 'write in an async generator',
    code: 'write-while-iterating',
    run: app(async function* (_environ, start_response) {
      const written = start_response('200 OK', HEADERS);
      yield ok;
      written(ok);
    }),
  },
  {
    id: 'C-010',
    what: 'write after close',
    code: 'write-after-close',
    run: async () => {
      let late: LooseWrite | undefined;
      await app((_environ, start_response) => {
        late = start_response('200 OK', HEADERS);
        return [ok];
      })();
      late?.(ok);
    },
  },
  {
    id: 'C-011',
    what: 'a server whose start_response returns nothing',
    code: 'write-not-returned',
    run: app(plain, (() => undefined) as unknown as () => never),
  },
  { id: 'C-087', what: 'true for exc_info', code: 'exc-info-shape', run: excInfo(true) },
  { id: 'C-087', what: 'a text for exc_info', code: 'exc-info-shape', run: excInfo('oops') },
  {
    id: 'C-087',
    what: 'an array of one for exc_info',
    code: 'exc-info-shape',
    run: excInfo([new Error('x')]),
  },
  { id: 'C-087', what: 'an Error for exc_info', run: excInfo(new Error('x')) },
  { id: 'C-087', what: 'two of three for exc_info', run: excInfo([Error, new Error('x')]) },
  { id: 'C-087', what: 'undefined for exc_info', run: excInfo(undefined) },
  { id: 'C-115', what: 'text to write', code: 'write-not-bytes', run: write((stream) => stream('ok')) },
  { id: 'C-115', what: 'an array to write', code: 'write-not-bytes', run: write((stream) => stream([1])) },
  { id: 'C-049', what: 'no SCRIPT_NAME', run: () => server({ SCRIPT_NAME: REMOVED }) },
  { id: 'C-049', what: 'no PATH_INFO', run: () => server({ SCRIPT_NAME: '/a', PATH_INFO: REMOVED }) },
];

function server(changes: Record<string, unknown>): Promise<unknown> {
  return serve(validator(loose(plain)), { environ: environOf(changes) });
}
