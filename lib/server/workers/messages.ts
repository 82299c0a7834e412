/**
 * What parent and workers tell each other: one interface for each direction, a member for each kind of message. A new kind
 * is a new member; `Channel` checks both ends. They travel over Node's IPC, in order, as JSON.
 */
import type { ChildProcess, Serializable } from 'node:child_process';
import type { AddressInfo, Socket } from 'node:net';
import { ignore } from '../../environ/maybe-promise.js';
import type { ResolvedOptions } from '../options/options.js';
import type { StatusMessage } from '../status/status-of-workers.js';
import type { RunningCount } from './front.js';
import type { TopicNote } from './worker-topics.js';

/** From the parent to a worker. */
export interface ToWorker {
  /** A client's connection, with its socket. The worker answers `taken`. `moved`: another worker had it before. */
  connection: { readonly moved: boolean };
  /** Another worker takes its place: no more connections come; idle ones are handed back, what runs is finished. */
  leave: Empty;
  /** The whole server stops. */
  stop: { readonly atOnce: boolean };
  /** SIGUSR1. */
  reopenLogs: Empty;
  /** Of `--status-path`. */
  status: StatusMessage;
  /** Published elsewhere. */
  publish: TopicNote;
  /** Messages of topics were dropped, which it did not take in time. */
  lost: Empty;
}

/** From a worker to its parent. */
export interface ToParent {
  /** It serves, with these options. */
  ready: WorkerSettings;
  /** It could not start: what the command would print. */
  failed: { readonly text: string };
  /** Its event loop turns. `debugged`: a debugger may stop it. */
  beat: { readonly debugged: boolean };
  /** It has the last connection that it was sent. */
  taken: { readonly connections: number };
  /** It stops: so much still runs. */
  running: RunningCount;
  /** Connections have ended: so many are left. */
  connections: { readonly connections: number };
  /** It was told to end (SIGTERM), or has answered `maxRequests`: another one should take its place. */
  retire: { readonly why: string };
  /** It stops, whatever told it to: it serves no more connections. */
  closes: Empty;
  /** A connection without a request, with its socket: for another worker. */
  returned: Empty;
  /** Of `--status-path`. */
  status: StatusMessage;
  /** Published there. */
  publish: TopicNote;
  /** Messages of topics were dropped, which the parent did not take in time. */
  lost: Empty;
  /** The first member of a topic has come there, or the last one has gone. */
  subscribe: { readonly topic: string };
  unsubscribe: { readonly topic: string };
}

/** What a reload may change, and the parent has to know. */
export interface WorkerSettings {
  readonly workers: number;
  /** Seconds, as the options have them. */
  readonly timeout: number;
  readonly gracefulTimeout: number;
  /** Where it would listen; the parent goes on where it does. */
  readonly bind: string;
}

/** @param workers how many. */
export function settingsOf(options: ResolvedOptions): WorkerSettings {
  const { host, port, socketPath, workers, timeout, gracefulTimeout } = options;
  const bind = socketPath === undefined ? `${host}:${port}` : `unix:${socketPath}`;
  return { workers: workers ?? 1, timeout, gracefulTimeout, bind };
}

/** What a process is told by a variable of its environment: that it is a worker, and of which server. */
export interface WorkerPlace {
  /** Process id. */
  readonly parent: number;
  /** What the parent listens on: a path of a Unix socket, or an address. */
  readonly address: AddressInfo | string | null;
  /** Where a socket listens that the parent inherits (`fd://3`): options in place of the worker's own. */
  readonly inherited?: Pick<ResolvedOptions, 'host' | 'port' | 'socketPath'> | undefined;
}

export const WORKER = 'WSGI_WORKER';

type Empty = Readonly<Record<string, never>>;
type Listener<Body> = (body: Body, socket: Socket | undefined) => void;

/** An application may use the same channel for messages of its own: ours are told by this member. */
interface Envelope {
  readonly wsgi: string;
  readonly body: unknown;
}

/** One end of the messages between a parent and one worker. */
export class Channel<Out, In> {
  readonly #end: NodeJS.Process | ChildProcess;
  readonly #listeners = new Map<keyof In | string, Listener<never>>();

  /** @param end the worker's `process`, or the parent's `ChildProcess`. */
  constructor(end: NodeJS.Process | ChildProcess) {
    this.#end = end;
    const receive = (message: unknown, handle: unknown) => this.#receive(message, handle);
    (end as ChildProcess).on('message', receive);
  }

  /** One listener for each kind. */
  on<K extends keyof In & string>(kind: K, listener: Listener<In[K]>): void {
    this.#listeners.set(kind, listener as Listener<never>);
  }

  /**
   * Nothing is thrown where the other end is gone.
   * @param socket goes to the other process. @param keep this process keeps it too, until it destroys it.
   * @param sent called when the message was given to the kernel, or cannot be.
   */
  send<K extends keyof Out & string>(
    kind: K,
    body: Out[K],
    socket?: Socket,
    keep = false,
    sent: (error: Error | null) => void = ignore,
  ): void {
    const envelope: Envelope = { wsgi: kind, body };
    if (!this.#end.connected) {
      process.nextTick(sent, new Error('The other process has ended'));
      return;
    }
    // The types know `process.send` and `ChildProcess.send` apart, and neither its options everywhere.
    const end = this.#end as ChildProcess;
    end.send(envelope as unknown as Serializable, socket, { keepOpen: keep }, sent);
  }

  #receive(message: unknown, handle: unknown): void {
    if (typeof message !== 'object' || message === null || !('wsgi' in message)) return;
    const { wsgi, body } = message as Envelope;
    const listener = this.#listeners.get(wsgi) as Listener<unknown> | undefined;
    listener?.(body, handle as Socket | undefined);
  }
}
