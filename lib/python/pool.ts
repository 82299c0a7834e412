/** The processes that run an application: started, replaced when they end, and the requests that wait for one. */
import { randomInt } from 'node:crypto';
import type { RequestScope } from '../current-request.js';
import { ConfigError, ServerBusy } from '../errors.js';
import { logger } from '../logger.js';
import type { InstanceEvents, InstanceLane, Loaded, PythonInstance, Returned } from './instance.js';
import type { Lane, PythonFacts, PythonRuntime } from './lane.js';
import type { PythonOptions } from './options.js';
import { OverdueWatch } from './watch.js';

/** What is in a pool. */
export interface PoolPlan {
  readonly count: number;
  /** The others start when the first has loaded, and do so faster. */
  readonly firstAlone?: boolean;
  /** @param isAlone there is none beside it. */
  start(events: InstanceEvents, isAlone: boolean): PythonInstance;
  /** One clause for the start line. */
  summary(loaded: Loaded): string;
}

interface Waiting {
  readonly scope: RequestScope | undefined;
  readonly resolve: (lane: Lane | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Milliseconds before an instance is replaced that was of no use; then twice as many each time. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** Milliseconds that the other requests of an instance may take when one of them has to be ended. */
const RETIRE_MS = 30_000;

/** Of the command `wsgi`: it was sent SIGTERM or SIGINT, which may have come to Python as well (as from systemd, or Ctrl-C). */
export const commandStop = { begun: false };

export class PythonPool implements PythonRuntime {
  readonly ready: Promise<PythonFacts>;
  readonly #plan: PoolPlan;
  readonly #backlog: number;
  readonly #maxRequests: number;
  readonly #jitter: number;
  readonly #watch: OverdueWatch;
  readonly #instances = new Set<PythonInstance>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #waiting: Waiting[] = [];
  #failures = 0;
  #started = false;
  #closing = false;

  constructor(plan: PoolPlan, options: PythonOptions) {
    const { timeout, backlogRequests, maxRequests, maxRequestsJitter } = options;
    this.#plan = plan;
    this.#maxRequests = maxRequests;
    this.#jitter = maxRequestsJitter;
    this.#backlog = backlogRequests;
    this.#watch = new OverdueWatch(timeout, this.#instances, (instance) => this.#retire(instance));
    this.ready = this.#start();
    this.ready.catch(() => undefined);
  }

  lane(scope: RequestScope | undefined): Lane | Promise<Lane | undefined> {
    if (commandStop.begun && this.#isEmpty) this.#replace(0);
    const mayWait = this.#waiting.length < this.#backlog;
    const free = this.#freeLane(!mayWait);
    if (free !== undefined) return free;
    if (!mayWait) throw new ServerBusy();
    return new Promise((resolve, reject) => this.#waiting.push({ scope, resolve, reject }));
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#watch.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#refuseWaiting(new ServerBusy('The server is stopping'));
    const ends = [...this.#instances].map((instance) => {
      for (const lane of instance.lanes) if (lane.isBusy) instance.interrupt(lane);
      return instance.end(0);
    });
    await Promise.all(ends);
  }

  /** What one of them cannot load no other one will. */
  async #start(): Promise<PythonFacts> {
    try {
      const first = this.#take(this.#spawn());
      if (this.#plan.firstAlone === true) await first;
      const others = this.#closing ? 0 : this.#plan.count - 1;
      const rest = Array.from({ length: others }, () => this.#take(this.#spawn()));
      const [loaded] = await Promise.all([first, ...rest]);
      this.#started = true;
      return { ...loaded, summary: this.#plan.summary(loaded) };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #spawn(): PythonInstance {
    const isAlone = this.#plan.count === 1 && this.#instances.size === 0;
    const events: InstanceEvents = {
      laneFree: (free) => {
        if (free.requests >= free.limit) this.#recycle(free);
        this.#serveWaiting();
      },
      returned: (requests) => this.#takeBack(requests),
      retire: (tired) => this.#retire(tired),
      ended: (ended, how) => this.#ended(ended, how),
    };
    const instance = this.#plan.start(events, isAlone);
    if (this.#maxRequests > 0) {
      instance.limit = this.#maxRequests + (this.#jitter > 0 ? randomInt(this.#jitter + 1) : 0);
    }
    this.#instances.add(instance);
    return instance;
  }

  async #take(instance: PythonInstance): Promise<Loaded> {
    const loaded = await instance.loaded;
    this.#serveWaiting();
    return loaded;
  }

  /** Of the instance with the fewest requests. */
  #freeLane(atOnce = false): InstanceLane | undefined {
    let best: InstanceLane | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const instance of this.#instances) {
      const busy = this.#instances.size === 1 ? 0 : instance.busy;
      if (busy >= fewest) continue;
      const lane = instance.freeLane(atOnce);
      if (lane === undefined) continue;
      best = lane;
      fewest = busy;
    }
    return best;
  }

  /** They were first: they begin before those that wait. */
  #takeBack(requests: readonly Returned[]): void {
    const waiting = requests.map(({ work, environ }): Waiting => {
      const resolve = (lane: Lane | undefined) => {
        if (lane === undefined) return;
        work.moved(lane);
        lane.begin(work, environ);
      };
      return { scope: undefined, resolve, reject: (error) => void work.lost(error) };
    });
    this.#waiting.unshift(...waiting);
    if (this.#closing) this.#refuseWaiting(new ServerBusy('The server is stopping'));
    else this.#serveWaiting();
  }

  #serveWaiting(): void {
    while (this.#waiting.length > 0) {
      const lane = this.#freeLane();
      if (lane === undefined) return;
      const { scope, resolve } = this.#waiting.shift() as Waiting;
      if (scope?.isOver === true) {
        resolve(undefined);
        continue;
      }
      // It may begin later: until then the lane would seem free.
      lane.reserve();
      resolve(lane);
    }
  }

  #refuseWaiting(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** One of its requests has to be ended: it gets no more, and another one takes its place at once. */
  #retire(instance: PythonInstance): void {
    if (instance.retired || this.#closing) return;
    void instance.end(RETIRE_MS);
    this.#replace(0);
  }

  /** It has had as many requests as it may: it goes on until another one has loaded, and ends when it has no more requests. */
  #recycle(instance: PythonInstance): void {
    instance.limit = Number.POSITIVE_INFINITY;
    if (instance.retired || this.#closing) return;
    const next = this.#spawn();
    // Whichever ends meanwhile is not replaced by a third one.
    instance.replaced = next.replaced = true;
    this.#take(next).then(
      () => {
        next.replaced = false;
        return instance.end(RETIRE_MS);
      },
      (error: Error) => {
        if (this.#closing) return;
        logger.error(error.message);
        instance.replaced = false;
        if (this.#instances.has(instance)) instance.limit = instance.requests + this.#maxRequests;
        else this.#replace(FIRST_DELAY_MS);
      },
    );
  }

  #ended(instance: PythonInstance, how: string): void {
    this.#instances.delete(instance);
    // It was told to end, or the first of all could not load.
    if (this.#closing || !this.#started || instance.replaced) return;
    // Unless a request waits, or comes after all: see `lane`.
    if (commandStop.begun && this.#waiting.length === 0) return;
    logger.error(`${instance.label} ended: ${how}. Another one is started`);
    // However often a handler ends its process, other clients are served.
    const worked = instance.requests > 0;
    if (worked) this.#failures = 0;
    const delay = this.#failures === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    if (!worked) this.#failures++;
    this.#replace(delay);
  }

  /** None is there or about to be, as where they ended at a stop. */
  get #isEmpty(): boolean {
    return this.#started && this.#instances.size === 0 && this.#timers.size === 0;
  }

  #replace(delay: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#take(this.#spawn()).catch((error: Error) => {
        if (this.#closing) return;
        logger.error(error.message);
        // No other one is there to serve them.
        if (![...this.#instances].some(({ isReady, retired }) => isReady && !retired)) {
          this.#refuseWaiting(new ConfigError(error.message));
        }
      });
    }, delay);
    this.#timers.add(timer);
  }
}
