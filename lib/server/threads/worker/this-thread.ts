/** What `run()` does in a thread that was started for handlers: it attaches the application instead of listening. */
import type { BlockingApplication } from '../../../environ/types.js';
import type { ThreadHost } from './thread-host.js';

let host: ThreadHost | undefined;

/** This thread is one for handlers. */
export function becomeHost(created: ThreadHost): void {
  host = created;
}

/**
 * True if this thread is one for handlers, and has the application now. The script that called `run()` goes no further
 * there: what stands behind `await run()` is for the main thread.
 */
export function attachToThread(
  application: unknown,
  environ: Readonly<Record<string, unknown>> | undefined,
): boolean {
  if (host === undefined) return false;
  host.attach(application as BlockingApplication, environ);
  return true;
}

/** This thread will never have its application. */
export function failThread(why: string): void {
  host?.say({ failed: why });
}
