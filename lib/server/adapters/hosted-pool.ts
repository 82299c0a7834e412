/** The threads of a handler in another framework's server: the application is named, for each thread loads it. */
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import type { Application } from '../../environ/types.js';
import { ConfigError } from '../../errors.js';
import { checkApplication } from '../../interpreter/application-faults.js';
import { logger } from '../../logger.js';
import { parseTarget } from '../cli/load-app.js';
import type { ResolvedOptions } from '../options/options.js';
import { ThreadPool } from '../threads/io/pool.js';
import { threadsOf } from '../threads/io/start-worker.js';

/** `./site.js:app` as the command has it, relative to the folder of the process; or the URL of such a path. */
export type NamedApplication = string | URL;

/**
 * @param taker for messages: the function that was called.
 * @returns undefined where the application runs on the event loop.
 * @throws ConfigError for an application that does not go with the option `threads`, or a thread of its own that asks.
 */
export function openPool(
  taker: 'toNodeHandler' | 'toFetchHandler',
  application: Application | NamedApplication,
  options: ResolvedOptions,
): ThreadPool | undefined {
  const isNamed = typeof application === 'string' || application instanceof URL;
  if (options.threads === 0) {
    if (isNamed) {
      throw new ConfigError(
        `${taker} takes the name of an application with the option threads only: import it, or write ` +
          `${taker}(${inspect(String(application))}, { threads: 8 })`,
      );
    }
    checkApplication(application);
    return undefined;
  }
  if (!isNamed) {
    throw new ConfigError(
      `With the option threads ${taker} takes the name of the application, for each thread loads it: ` +
        `${taker}('./site.js:app', { threads: ${options.threads} })`,
    );
  }
  if (!isMainThread) throw new ConfigError('Option threads works only in the main thread of a process');
  const { environ, channels: _, ...rest } = options;
  const target = pathOf(application);
  parseTarget(target);
  checkSendable(environ);
  // A Response has no interim ones.
  const hints = taker === 'toNodeHandler';
  const kind = threadsOf({ target, config: undefined, environ }, rest, hints);
  const pool = new ThreadPool(kind, rest, (error) => tell(error));
  pool.ready.catch(tell);
  pool.start();
  return pool;
}

/** A URL names a callable as a path does: `new URL('./site.js:app', import.meta.url)`. */
function pathOf(application: NamedApplication): string {
  const isUrl = application instanceof URL || application.startsWith('file:');
  if (!isUrl) return application;
  try {
    return fileURLToPath(application);
  } catch (cause) {
    throw new ConfigError(`${application} is not the URL of a file`, { cause });
  }
}

function checkSendable(environ: unknown): void {
  try {
    structuredClone(environ);
  } catch (cause) {
    throw new ConfigError('Option environ holds what cannot be sent to a thread, such as a function', {
      cause,
    });
  }
}

function tell(error: Error): void {
  logger.critical(error.message);
}
