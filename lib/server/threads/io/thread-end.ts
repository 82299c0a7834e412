/** Ends a thread, whatever it is doing. */
import { setTimeout as delay } from 'node:timers/promises';
import { logger } from '../../../logger.js';
import type { PooledThread } from './pooled-thread.js';

/** Milliseconds that an idle thread gets at least to end by itself. */
const GRACE_MS = 1000;
/** Milliseconds after which a thread that was told to end by force is taken for stuck: a busy machine takes its time. */
const STUCK_MS = 5000;

/** How long a thread may take that ends by itself. */
export interface Patience {
  /** Milliseconds. */
  readonly grace: number;
  /** Settles when that time is over. */
  readonly cut: Promise<void> | undefined;
}

/** Threads that were told to end by force, and have not ended. */
const ending = new Set<PooledThread>();

/**
 * Resolves when the thread has ended, or is known to be stuck.
 * @param gently it was asked to end by itself.
 */
export async function endThread(thread: PooledThread, gently?: Patience): Promise<void> {
  if (thread.exited) return;
  const { worker } = thread;
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  if (gently !== undefined) {
    const { grace, cut } = gently;
    if (cut !== undefined) await inTime(Promise.race([exited, cut]), grace);
    if (await inTime(exited, GRACE_MS)) return;
  }
  if (!ending.has(thread)) watchExit(thread);
  if (await inTime(worker.terminate(), STUCK_MS)) return;
  // The process need not wait for it.
  worker.unref();
  if (!thread.said) {
    logger.critical('A thread cannot be ended: it is in a system call that blocks (a FIFO, execSync)');
  }
  thread.said = true;
}

async function inTime(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return done;
}

/** Node waits for its threads when it exits: for one in a system call that blocks it would do so for ever. */
function processOnExit(): void {
  process.kill(process.pid, 'SIGKILL');
}

function watchExit(thread: PooledThread): void {
  if (ending.size === 0) process.on('exit', processOnExit);
  ending.add(thread);
  thread.worker.once('exit', () => {
    ending.delete(thread);
    if (ending.size === 0) process.removeListener('exit', processOnExit);
  });
}
