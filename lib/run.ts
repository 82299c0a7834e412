/** `run`, as in WSocket: without an application it serves the demo. */
import { makeDemoApp } from './app/demo-app.js';
import type { Application } from './environ/types.js';
import type { ServerOptions } from './server/options.js';
import { serve } from './server/serve.js';
import type { Server } from './server/server.js';

/**
 * Listens and serves until SIGINT or SIGTERM, which stop it gracefully. Prints `Server started at http://…`.
 * A rejected promise that nobody waits for is logged as an error, and does not end the process.
 * @param application default: the demo, a page with a WebSocket echo.
 * @returns once it listens.
 * @throws ConfigError for options that cannot work, an application that is no function, an address in use.
 */
export function run(application: Application = makeDemoApp(), options: ServerOptions = {}): Promise<Server> {
  return serve(application, options);
}
