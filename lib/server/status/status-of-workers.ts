/**
 * The status of a server of several processes: the worker that is asked asks its parent, which asks them all. Each count
 * is kept when a worker ends, so that the sum never falls, as readers such as Prometheus expect.
 *
 *   worker -> parent   ask     somebody wants the status; with the worker's own
 *   parent -> workers  read    to all the others
 *   worker -> parent   own     the answer; also now and then without being asked, and last of all
 *   parent -> worker   whole   the sum
 */
import { ServerBusy } from '../../errors.js';
import { countsOf, type ServerStatus, sumStatus } from './server-status.js';

/** One kind of message in both directions, `status` in messages.ts. */
export type StatusMessage =
  | { readonly kind: 'ask'; readonly own: ServerStatus }
  | { readonly kind: 'read' }
  | { readonly kind: 'own'; readonly own: ServerStatus }
  | { readonly kind: 'whole'; readonly whole: ServerStatus };

/** Milliseconds that the parent waits for a worker, whose last known status is used otherwise: its loop may be blocked. */
const WORKER_MS = 1000;
/** Milliseconds between two messages in which a worker tells its numbers unasked: more is not lost when it is killed. */
const TELL_MS = 5000;
/** Milliseconds that a worker waits for the parent. */
const PARENT_MS = 3000;

/** The parent's side. `W` is a worker, as the parent knows it. */
export class StatusOfWorkers<W> {
  /** What ended workers have counted. */
  #ended: ServerStatus | undefined;
  /** The last that each of the others has told. */
  readonly #known = new Map<W, ServerStatus>();
  /** Those that are waited for, while somebody asks. */
  readonly #missing = new Set<W>();
  readonly #askers = new Set<W>();
  #timer: NodeJS.Timeout | undefined;
  readonly #workers: () => Iterable<W>;
  readonly #own: () => ServerStatus;
  readonly #send: (worker: W, message: StatusMessage) => void;

  /**
   * @param workers those that run. @param own of the parent: its memory and time, and what it alone knows (`workers`,
   * `startTime`, `uptime`). @param send gives a message to a worker.
   */
  constructor(
    workers: () => Iterable<W>,
    own: () => ServerStatus,
    send: (worker: W, message: StatusMessage) => void,
  ) {
    this.#workers = workers;
    this.#own = own;
    this.#send = send;
  }

  /** To be called with every message of this kind. */
  take(worker: W, message: StatusMessage): void {
    if (message.kind !== 'ask' && message.kind !== 'own') return;
    this.#known.set(worker, message.own);
    this.#missing.delete(worker);
    if (message.kind === 'ask') this.#ask(worker);
    if (this.#askers.size > 0 && this.#missing.size === 0) this.#answer();
  }

  /** A worker has ended. */
  gone(worker: W): void {
    const last = this.#known.get(worker);
    this.#known.delete(worker);
    this.#askers.delete(worker);
    if (last !== undefined) {
      const counts = countsOf(last);
      this.#ended = this.#ended === undefined ? counts : sumStatus(this.#ended, counts);
    }
    if (this.#missing.delete(worker) && this.#missing.size === 0) this.#answer();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#askers.clear();
    this.#missing.clear();
  }

  /** Who asks while others are waited for gets the same answer. */
  #ask(asker: W): void {
    const first = this.#askers.size === 0;
    this.#askers.add(asker);
    if (!first) return;
    for (const worker of this.#workers()) {
      if (worker === asker) continue;
      this.#missing.add(worker);
      this.#send(worker, { kind: 'read' });
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#answer(), WORKER_MS).unref();
  }

  #answer(): void {
    clearTimeout(this.#timer);
    this.#missing.clear();
    const askers = [...this.#askers];
    this.#askers.clear();
    const whole = this.#sum();
    for (const asker of askers) this.#send(asker, { kind: 'whole', whole });
  }

  #sum(): ServerStatus {
    const own = this.#own();
    const parts = [...(this.#ended === undefined ? [] : [this.#ended]), ...this.#known.values()];
    const { workers, startTime, uptime } = own;
    return { ...parts.reduce(sumStatus, own), workers, startTime, uptime };
  }
}

interface Waiting {
  readonly whole: Promise<ServerStatus>;
  resolve(whole: ServerStatus): void;
}

/** The worker's side: what its requests for the status wait for. */
export class StatusLink {
  readonly #send: (message: StatusMessage, sent?: () => void) => void;
  readonly #read: () => ServerStatus;
  #waiting: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param read gives the status of this process. */
  constructor(send: (message: StatusMessage, sent?: () => void) => void, read: () => ServerStatus) {
    this.#send = send;
    this.#read = read;
  }

  /** From now on the parent is told now and then. */
  start(): void {
    this.#timer ??= setInterval(() => this.#tell(), TELL_MS).unref();
  }

  /** Tells the numbers for the last time: the process ends. @param told called when they are on their way, or cannot be. */
  stop(told: () => void): void {
    clearInterval(this.#timer);
    this.#tell(told);
  }

  /** To be called with every message of this kind. */
  take(message: StatusMessage): void {
    if (message.kind === 'read') this.#tell();
    else if (message.kind === 'whole') this.#waiting?.resolve(message.whole);
  }

  /** @throws ServerBusy (503) if the parent does not answer: the numbers of this process alone would mislead. */
  whole(own: ServerStatus): Promise<ServerStatus> {
    this.#waiting ??= this.#ask(own);
    return this.#waiting.whole;
  }

  #tell(told?: () => void): void {
    this.#send({ kind: 'own', own: this.#read() }, told);
  }

  #ask(own: ServerStatus): Waiting {
    let settle: (whole: ServerStatus) => void = () => {};
    const whole = new Promise<ServerStatus>((resolve, reject) => {
      const timer = setTimeout(() => reject(new ServerBusy()), PARENT_MS);
      settle = (come) => {
        clearTimeout(timer);
        resolve(come);
      };
    }).finally(() => {
      this.#waiting = undefined;
    });
    this.#send({ kind: 'ask', own });
    return { whole, resolve: settle };
  }
}
