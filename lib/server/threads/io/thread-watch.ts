/** Finds handlers that have run for too long without a byte in or out. */

import { RUNS } from '../shared/thread-line.js';
import type { PoolThreads } from './pool-threads.js';
import type { PooledThread } from './pooled-thread.js';
import type { RemoteRunner } from './remote-runner.js';

/** Checks per timeout: a handler is found between one timeout and a quarter more. */
const CHECKS = 4;

/**
 * A client's slowness is not the handler's: one that waits for its client, or is ahead of it, is left to the watch on
 * connections. So is one that has an open WebSocket, for as long as its peer answers pings.
 */
export class ThreadWatch {
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds; 0: nobody is watched. */
  constructor(timeout: number, threads: PoolThreads, runnerOf: (id: number) => RemoteRunner | undefined) {
    if (timeout === 0) return;
    const why = `The application sent nothing for ${timeout / 1000} s (timeout)`;
    this.#timer = setInterval(() => {
      for (const thread of threads.all) {
        if (isStuck(thread, runnerOf(thread.line.current))) threads.kill(thread, thread.watched, why);
      }
    }, timeout / CHECKS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function isStuck(thread: PooledThread, runner: RemoteRunner | undefined): boolean {
  const { line } = thread;
  const { current } = line;
  const progress = (line.inbound.traffic + line.outbound.traffic) | 0;
  const free = current === 0 || line.activity !== RUNS || runner?.isConversation === true;
  if (!thread.ready || thread.dropped || free || current !== thread.watched || progress !== thread.progress) {
    thread.watched = current;
    thread.progress = progress;
    thread.quiet = 0;
    return false;
  }
  return ++thread.quiet >= CHECKS;
}
