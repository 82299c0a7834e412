/** What a thread is told when it starts, and what it answers: it has the application, or why it cannot load it. */
import type { MessagePort } from 'node:worker_threads';
import { ConfigError } from '../../../errors.js';
import { describeThrown, type LogStyle } from '../../../logger.js';
import { describeLoadFailure } from '../../cli/import-module.js';
import type { ResolvedOptions } from '../../options/options.js';

/** Where a thread finds the application. */
export type ThreadEntry =
  /** A script that calls `run()`: it is loaded again in each thread. */
  | { readonly script: string }
  /** What the command was asked to run, and the path of the config file, if there is one. */
  | {
      readonly target: string;
      readonly config: string | undefined;
      /** Keys that are added to every environ, where no config file has them. */
      readonly environ?: Readonly<Record<string, unknown>> | undefined;
    };

/** `environ` may hold what cannot be sent; the thread has its own. */
export type ThreadOptions = Omit<ResolvedOptions, 'environ' | 'channels'>;

export interface ThreadData {
  readonly kind: typeof THREAD_KIND;
  /** For `ThreadReport`. Not `parentPort`, which applications and their libraries use for messages of their own. */
  readonly port: MessagePort;
  /** For request bodies that come with their memory: one for each frame that tells of it. */
  readonly bodies: MessagePort;
  readonly entry: ThreadEntry;
  /** Among the threads: the place of one that ended is given to another. */
  readonly place: number;
  readonly queue: SharedArrayBuffer;
  readonly line: SharedArrayBuffer;
  readonly blocks: SharedArrayBuffer;
  readonly options: ThreadOptions;
  /** Clients can be sent early hints. */
  readonly hints: boolean;
  /** Of the logger of the main thread. */
  readonly log: { readonly level: number; readonly style: LogStyle };
}

export const THREAD_KIND = 'wsgi thread';

/** A thread that loads the application for another purpose than to serve it: `run()` does nothing there. */
export const ASIDE_KIND = 'wsgi thread aside';

/** What a thread says about itself. */
export type ThreadReport =
  /** It has the application, and takes requests from now on. */
  | { readonly ready: true }
  /** It could not load it, and this is why. */
  | { readonly failed: string }
  /** It has had as many requests as it should: it goes on until another one has the application, and is then told to leave. */
  | { readonly spent: true }
  /** It ends after the request that it has, and is to be replaced. */
  | { readonly leaves: true }
  /** How it ended, which is more than its exit code says. */
  | { readonly ended: string };

export function isThreadData(value: unknown): value is ThreadData {
  return typeof value === 'object' && value !== null && (value as Partial<ThreadData>).kind === THREAD_KIND;
}

/**
 * Why the application could not be loaded, as text, for the error itself cannot be sent as it is: one sentence for what the
 * user did, and the stack of what code threw.
 * @param error as it was thrown, or as it came from a thread: an Error with the properties of what it was.
 */
export function describeLoadError(error: unknown): string {
  if (!isConfigError(error)) return describeThrown(error);
  return error.cause === undefined ? error.message : `${error.message}\n${describeLoadFailure(error.cause)}`;
}

const CONFIG_CODE = new ConfigError('').code;

function isConfigError(error: unknown): error is Error {
  return error instanceof Error && (error as Partial<ConfigError>).code === CONFIG_CODE;
}
