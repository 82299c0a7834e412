/** A candidate that is named: it is loaded in a thread of its own, where it may block and exit. */
import { isMainThread } from 'node:worker_threads';
import type { Environ, StartResponse } from '../../../lib/environ/types.js';

export function app(environ: Environ<'either'>, start_response: StartResponse) {
  if (environ.PATH_INFO === '/named/exit' || environ.PATH_INFO === '/exit') process.exit(3);
  if (environ.PATH_INFO === '/loop') for (;;);
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(isMainThread ? 'the main thread' : 'fine')];
}
