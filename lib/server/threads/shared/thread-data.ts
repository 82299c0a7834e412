/** What a thread is told when it starts, and what it says to that. */
import type { MessagePort } from 'node:worker_threads';
import type { ResolvedOptions } from '../../options/options.js';

/** Where a thread finds the application. */
export type ThreadEntry =
  /** A script that calls `run()`: it is loaded again in each thread. */
  | { readonly script: string }
  /** What the command was asked to run. */
  | { readonly target: string; readonly config: string | undefined; readonly folder: string };

/** `environ` may hold what cannot be sent; the thread has its own. */
export type ThreadOptions = Omit<ResolvedOptions, 'environ'>;

export interface ThreadData {
  readonly kind: typeof THREAD_KIND;
  /** For `ThreadReport`. Not `parentPort`, which applications and their libraries use for messages of their own. */
  readonly port: MessagePort;
  /** No other thread of its pool has it, nor had. */
  readonly serial: number;
  readonly entry: ThreadEntry;
  readonly queue: SharedArrayBuffer;
  readonly line: SharedArrayBuffer;
  readonly blocks: SharedArrayBuffer;
  readonly options: ThreadOptions;
  readonly logLevel: number;
}

export const THREAD_KIND = 'wsgi thread';

/** It has the application, and takes requests from now on; or it will never have it. */
export type ThreadReport = { readonly ready: true } | { readonly failed: string };

export function isThreadData(value: unknown): value is ThreadData {
  return typeof value === 'object' && value !== null && (value as Partial<ThreadData>).kind === THREAD_KIND;
}
