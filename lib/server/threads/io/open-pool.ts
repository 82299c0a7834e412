/** The threads of a server. Loaded only by servers that have some: the others start faster without. */
import { logger } from '../../../logger.js';
import type { Exchange } from '../../http/exchange.js';
import type { ResolvedOptions } from '../../options/options.js';
import type { ThreadEntry } from '../shared/thread-data.js';
import { ThreadPool } from './pool.js';
import { callInThreads } from './remote-runner.js';
import { thisScript, threadsOf } from './start-worker.js';

export interface OpenPool {
  readonly pool: ThreadPool;
  /** Runs an exchange in one of them. */
  readonly call: (exchange: Exchange) => void;
}

/**
 * Not started yet.
 * @param entry where they find the application; default: the script that this process runs.
 * @param onFatal called when no thread can load the application any more, which was logged.
 * @throws ConfigError where there can be no threads.
 */
export function openPool(
  entry: ThreadEntry | undefined,
  { environ: _, channels: _channels, ...options }: ResolvedOptions,
  onFatal: () => void,
): OpenPool {
  const pool = new ThreadPool(threadsOf(entry ?? thisScript(), options), options, (error) => {
    logger.critical(error.message);
    process.exitCode = 1;
    onFatal();
  });
  return { pool, call: callInThreads(pool) };
}
