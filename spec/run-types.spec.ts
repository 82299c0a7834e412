/** The types of run(): what is for one mode does not compile for the other. (`npm run types` checks the directives.) */
import { expect } from 'chai';
import {
  type AnyEnviron,
  type Application,
  type BlockingEnviron,
  type Body,
  type Environ,
  run,
  type ServerOptions,
  type StartResponse,
  WSocketApp,
} from '../lib/index.js';

async function waits(environ: Environ, start_response: StartResponse): Promise<Body> {
  const body = await environ['wsgi.input'].read().then((bytes) => bytes.length);
  start_response('200 OK', []);
  return [Buffer.from(String(body))];
}

function blocks(environ: BlockingEnviron, start_response: StartResponse): Body {
  start_response('200 OK', []);
  return [environ['wsgi.input'].read().subarray(1)];
}

async function either(environ: AnyEnviron, start_response: StartResponse): Promise<Body> {
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
  framework: () => run(new WSocketApp<BlockingEnviron>(), { threads: 2 }),
  // @ts-expect-error: the framework's handlers are typed by their application
  frameworkInThreads: () => run(new WSocketApp(), { threads: 2 }),
  handler: () =>
    new WSocketApp<BlockingEnviron>().route('/', (environ) => environ['wsgi.input'].readline().length),
  // @ts-expect-error: on the event loop it is a promise
  handlerOnLoop: () => new WSocketApp().route('/', (environ) => environ['wsgi.input'].readline().length),
};

describe('the types of run()', () => {
  it('keep handlers of the two modes apart', () => {
    for (const line of Object.values(lines)) expect(line).to.be.a('function');
  });
});
