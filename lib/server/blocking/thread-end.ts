/** Ends a thread, whatever it is doing. */
import { setTimeout as delay } from 'node:timers/promises';
import { logger } from '../../logger.js';
import type { PooledThread } from './pooled-thread.js';

/** Milliseconds that an idle thread gets to end by itself. */
const GRACE_MS = 1000;
/** Milliseconds after which a thread that was told to end by force is taken for stuck. */
const STUCK_MS = 2000;

/** Threads that were told to end by force, and have not ended. */
const ending = new Set<PooledThread>();

/**
 * Resolves when the thread has ended, or is known to be stuck.
 * @param gently it was asked to end by itself.
 */
export async function endThread(thread: PooledThread, gently: boolean): Promise<void> {
  if (thread.exited) return;
  const { worker } = thread;
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  if (gently && (await inTime(exited, GRACE_MS))) return;
  watchExit();
  ending.add(thread);
  exited.then(() => ending.delete(thread));
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

let watching = false;

/** Node waits for its threads when it exits: for one in a system call that blocks it would do so for ever. */
function watchExit(): void {
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    if (ending.size > 0) process.kill(process.pid, 'SIGKILL');
  });
}
