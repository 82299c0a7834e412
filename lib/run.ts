/** `run`, as in WSocket: without an application it serves the demo. */
import { makeDemoApp } from './app/demo-app.js';
import type { Application } from './environ/types.js';
import type { EventLoopOptions, ServerOptions, ThreadOptions } from './server/options/options.js';
import { serve } from './server/serve.js';
import type { Server } from './server/server.js';
import { attachToThread } from './server/threads/worker/thread.js';
import { parent } from './server/workers/place.js';
import { joinParent, runAsWorker } from './server/workers/worker.js';

if (parent !== undefined) joinParent(parent);

/**
 * Listens and serves until SIGINT or SIGTERM, which stop it gracefully. Prints `Server started at http://…`.
 * An unhandled promise rejection is logged as an error, and does not end the process.
 *
 * With `threads`, each of as many worker threads loads the script that called `run()` again, and takes its application
 * from the `run()` that it meets there; code after `await run()` runs in the main thread only. The same is true of `workers`,
 * which are processes: this one then holds the address, and serves nothing by itself.
 * @param application default: the demo, a page with a WebSocket echo.
 * @returns once it listens, and with `threads` once the first of them has the application.
 * @throws ConfigError for options that cannot work, an application that is not a function or cannot be loaded in a thread,
 *   an address in use.
 */
export function run(application?: Application, options?: EventLoopOptions): Promise<Server>;
export function run(application: Application<'blocking'>, options: ThreadOptions): Promise<Server>;
export function run(application: Application<'either'>, options: ServerOptions): Promise<Server>;
export function run(
  application: Application | Application<'blocking'> = makeDemoApp(),
  options: ServerOptions = {},
): Promise<Server> {
  if (attachToThread(application, options.environ)) return new Promise(() => {});
  const server = serve(application, options);
  // As in a thread: the code after `await run()` is for the parent.
  if (parent !== undefined && options.workers !== undefined) return runAsWorker(parent, server);
  return server;
}
