/** Python's `time.sleep`. */
import { setTimeout as delay } from 'node:timers/promises';
import { toBeWaitedFor } from './unawaited.js';

/** Takes milliseconds. */
type Blocker = (milliseconds: number) => void;

/** A timer of Node fires at once when it is given more. */
const LONGEST_MS = 2 ** 31 - 1;

let blocker: Blocker | undefined;

/** @internal From now on `sleep` blocks: this is a thread for handlers that do. */
export function blockInSleep(block: Blocker): void {
  blocker = block;
}

/** @internal `sleep` blocks while `work` runs, which is an application that blocks. */
export function withBlockingSleep<T>(work: () => T): T {
  const before = blocker;
  blocker ??= blockThread;
  try {
    return work();
  } finally {
    blocker = before;
  }
}

/** @internal Nothing else happens on this thread meanwhile. */
export function blockThread(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * Waits for `seconds` (a fraction is fine): `await sleep(2)` on the event loop. In a worker thread of
 * `run(app, { threads: 8 })` it blocks, as in Python, and returns nothing: `sleep(2)`.
 * @throws RangeError if `seconds` is negative or not a number, as Python's ValueError. In a worker thread also
 * ClientDisconnected, or WebSocketError, as soon as the client of the request has closed the connection, or
 * its sending side of it: both look the same.
 */
export function sleep(seconds: number): void | Promise<void> {
  if (!(seconds >= 0)) throw new RangeError(`sleep length must be a non-negative number, not ${seconds}`);
  if (blocker === undefined) return toBeWaitedFor('sleep()', wait(seconds * 1000));
  blocker(seconds * 1000);
}

async function wait(milliseconds: number): Promise<void> {
  let left = milliseconds;
  for (; left > LONGEST_MS; left -= LONGEST_MS) await delay(LONGEST_MS);
  await delay(left);
}
