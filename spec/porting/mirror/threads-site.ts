/** A site whose handlers block, in threads, with bad candidates beside them; reports are lines of a file. */
import { appendFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import type { BlockingApplication, BlockingEnviron } from '../../../lib/environ/types.js';
import { choose, forward, type MirrorResult, mirror } from '../../../lib/porting/index.js';
import { attachToThread } from '../../../lib/server/threads/worker/thread.js';
import { sleep } from '../../../lib/sleep.js';

const RECORD = process.env['WSGI_SPEC_RECORD'] ?? '';

function report({ exchange, verdict, differences, candidate }: MirrorResult): void {
  const { target } = exchange.request;
  const body = differences.find(({ kind }) => kind === 'body')?.candidate;
  const line = { target, verdict, failure: candidate?.failure, body, thread: threadId };
  appendFileSync(RECORD, `${JSON.stringify(line)}\n`);
}

const original: BlockingApplication = (environ, start_response) => {
  const body = environ.PATH_INFO === '/post' ? environ['wsgi.input'].read() : Buffer.from('fine');
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [body];
};

const candidate: BlockingApplication = (environ, start_response) => {
  switch (environ.PATH_INFO) {
    case '/exit':
      return process.exit(7);
    case '/loop':
      for (;;);
    case '/hang':
      return new Promise(() => {});
    case '/throw-later':
      setImmediate(() => {
        throw new RangeError('nobody catches this');
      });
      return new Promise(() => {});
    case '/throw':
      throw new TypeError('it broke');
    case '/large':
      start_response('200 OK', []);
      return (function* () {
        for (let i = 0; i < 2 ** 14; i++) yield Buffer.alloc(2 ** 16);
      })();
    case '/sleep':
      // It blocks here too.
      sleep(0.001);
      return original(environ, start_response);
    case '/thread':
      start_response('200 OK', [['Content-Type', 'text/plain']]);
      return [Buffer.from(`thread ${threadId}`)];
    default:
      return original(environ, start_response);
  }
};

// Another one before it: each has a number.
const other = mirror<BlockingEnviron>(original, () => [], { report, sample: 0 });
const site = mirror<BlockingEnviron>(original, candidate, { report, timeout: 1, methods: ['GET', 'POST'] });
const named = mirror<BlockingEnviron>(original, process.env['WSGI_SPEC_NAMED'] ?? './missing.js', {
  report,
  timeout: 20,
});
const upstream = process.env['WSGI_SPEC_UPSTREAM'] ?? 'http://127.0.0.1:1';

const app = choose<BlockingEnviron>(
  {
    '/other': other,
    '/named': named,
    '/url': mirror<BlockingEnviron>(original, upstream, { report, timeout: 20 }),
    '/forward': forward(upstream),
  },
  site,
  site,
);

// As run() does in a thread; with that, each would load the whole package.
attachToThread(app, undefined);
