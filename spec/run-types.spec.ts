/** The types of run(): what is for one mode does not compile for the other. (`npm run types` checks the directives.) */
import { expect } from 'chai';
import {
  type AnyEnviron,
  type Application,
  type ApplicationOn,
  type BlockingApplication,
  type BlockingEnviron,
  type BlockingInput,
  type BlockingWebSocket,
  type Body,
  type Environ,
  type Input,
  run,
  type ServerOptions,
  type StartResponse,
  type WebSocket,
  type WebSocketOn,
  WSocketApp,
} from '../lib/index.js';

async function waits(environ: Environ, start_response: StartResponse): Promise<Body> {
  const body = await environ['wsgi.input'].read().then((bytes) => bytes.length);
  start_response('200 OK', []);
  return [Buffer.from(String(body))];
}

function blocks(environ: Environ<'blocking'>, start_response: StartResponse): Body {
  start_response('200 OK', []);
  return [environ['wsgi.input'].read().subarray(1)];
}

async function either(environ: Environ<'either'>, start_response: StartResponse): Promise<Body> {
  start_response('200 OK', []);
  return [await environ['wsgi.input'].read()];
}

/** Never called: its lines need only compile, or not. */
const lines = {
  waits: () => run(waits),
  blocks: () => run(blocks, { threads: 2 }),
  either: (options: ServerOptions) => [run(either), run(either, { threads: 2 }), run(either, options)],
  // @ts-expect-error: a handler that waits for promises is not for threads
  waitsInThreads: () => run(waits, { threads: 2 }),
  // @ts-expect-error: a handler that blocks is not for the event loop
  blocksTheLoop: () => run(blocks),
  // @ts-expect-error: nor where it is not known whether there are threads
  blocksPerhaps: (options: ServerOptions) => run(blocks, options),
  // @ts-expect-error: a plain application does not block
  application: (app: Application) => run(app, { threads: 2 }),
  framework: () => run(new WSocketApp<'blocking'>(), { threads: 2 }),
  frameworkByEnviron: () => run(new WSocketApp<BlockingEnviron>(), { threads: 2 }),
  frameworkAround: () => run(new WSocketApp(blocks), { threads: 2 }),
  // @ts-expect-error: the framework's handlers are typed by their application
  frameworkInThreads: () => run(new WSocketApp(), { threads: 2 }),
  handler: () =>
    new WSocketApp<'blocking'>().route('/', (environ) => environ['wsgi.input'].readline().length),
  // @ts-expect-error: on the event loop it is a promise
  handlerOnLoop: () => new WSocketApp().route('/', (environ) => environ['wsgi.input'].readline().length),
};

/** The names of before, and what they are now: each passes for the other. */
const aliases = {
  environ: (environ: BlockingEnviron): Environ<'blocking'> => environ,
  blockingEnviron: (environ: Environ<'blocking'>): BlockingEnviron => environ,
  anyEnviron: (environ: AnyEnviron): Environ<'either'> => environ,
  application: (app: ApplicationOn<Environ<'blocking'>>): BlockingApplication => app,
  input: (input: BlockingInput): Input<'blocking'> => input,
  webSocket: (wsock: WebSocketOn<BlockingEnviron>): WebSocket<'blocking'> => wsock,
  blockingWebSocket: (wsock: WebSocket<'blocking'>): BlockingWebSocket => wsock,
};

/** What environ has by name, and what it does not. */
const keys = {
  cgi: ({ REMOTE_USER, AUTH_TYPE, PATH_TRANSLATED, REMOTE_IDENT, REMOTE_HOST, HTTPS }: Environ) =>
    [REMOTE_USER, AUTH_TYPE, PATH_TRANSLATED, REMOTE_IDENT, REMOTE_HOST, HTTPS] satisfies unknown[],
  families: (environ: Environ): (string | undefined)[] => [environ.HTTP_X_ANY, environ.SSL_CLIENT_S_DN],
  extension: (environ: Environ): unknown => environ['their.extension'],
  dictionary: (environ: AnyEnviron): Readonly<Record<string, unknown>> => environ,
  // @ts-expect-error: a key that is misspelt
  misspelt: (environ: Environ) => environ.REQUEST_METHD,
  // @ts-expect-error: the same, in the environ of a thread
  misspeltInThreads: (environ: Environ<'blocking'>) => environ['PATH_INF'],
  mode: (environ: Environ<'either'>) =>
    environ['node.nonblocking'] ? environ['wsgi.input'].read().then(String) : environ['wsgi.input'].read(),
};

describe('the types of run()', () => {
  it('keep handlers of the two modes apart', () => {
    for (const line of Object.values(lines)) expect(line).to.be.a('function');
  });

  it('have one parameter, and their old names', () => {
    for (const line of Object.values(aliases)) expect(line).to.be.a('function');
  });

  it('know the keys of environ', () => {
    for (const line of Object.values(keys)) expect(line).to.be.a('function');
  });
});
