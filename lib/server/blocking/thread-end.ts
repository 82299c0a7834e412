/** Ends a thread, whatever it is doing. */
import { setTimeout as delay } from 'node:timers/promises';
import { logger } from '../../logger.js';
import type { PooledThread } from './pooled-thread.js';

/** Milliseconds that an idle thread gets to end by itself. */
const GRACE_MS = 1000;
/** Milliseconds after which a thread that was told to end by force is taken for stuck. */
const STUCK_MS = 2000;

/** @param gently it was asked to end by itself. */
export async function endThread(thread: PooledThread, gently: boolean): Promise<void> {
  if (thread.exited) return;
  const { worker } = thread;
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  if (gently && (await inTime(exited, GRACE_MS))) return;
  if (await inTime(worker.terminate(), STUCK_MS)) return;
  // The process need not wait for it.
  worker.unref();
  stuck();
}

async function inTime(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return done;
}

let saidSo = false;

/** A thread in a system call that blocks cannot be ended by Node, which would wait for it at its own exit, for ever. */
function stuck(): void {
  logger.critical('A thread cannot be ended: it is in a system call that blocks (a FIFO, execSync)');
  if (saidSo) return;
  saidSo = true;
  process.on('exit', () => process.kill(process.pid, 'SIGKILL'));
}
