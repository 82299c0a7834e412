/**
 * The workers of a parent. `#tend` looks at what there is, and does what is missing; everything that happens calls it. There
 * is never more than one process beyond the number that is wanted:
 *
 *   what there is                                   | what is done
 *   ------------------------------------------------|------------------------------------------------
 *   more serve than are wanted                      | one leaves: one that is outdated, or the oldest
 *   fewer serve or start than are wanted            | one is started, at once or after a backoff
 *   one is outdated, none starts, none is leaving   | one is started; once it serves, there is one too many
 */
import { ConfigError } from '../../errors.js';
import { logger } from '../../logger.js';
import { tellServiceManager } from '../service-manager.js';
import type { ServerStatus } from '../status/server-status.js';
import { type StatusMessage, StatusOfWorkers } from '../status/status-of-workers.js';
import { Backoff } from './backoff.js';
import { Distribution } from './distribution.js';
import type { RunningCount } from './front.js';
import type { WorkerPlace, WorkerSettings } from './messages.js';
import { PulseWatch } from './pulse-watch.js';
import { describeEnding, type Ending, type ServerCommand } from './server-process.js';
import { type WorkerEvents, WorkerProcess } from './worker-process.js';

export class Crew implements WorkerEvents {
  readonly distribution = new Distribution();
  /** Resolves when the first worker serves. */
  readonly begun: Promise<void>;
  #onBegun: () => void = () => {};
  #onFailed: (error: ConfigError) => void = () => {};
  /** One has served. */
  #hasServed = false;
  readonly #command: ServerCommand;
  readonly #place: Omit<WorkerPlace, 'parent'>;
  #settings: WorkerSettings;
  /** How many there are to be. */
  #wanted: number;
  /** In the order in which they were started. */
  readonly #workers = new Set<WorkerProcess>();
  #started = 0;
  readonly #backoff = new Backoff(() => this.#tend());
  readonly #pulse: PulseWatch;
  /** How many were started in place of one that died. */
  #restarts = 0;
  readonly #status: StatusOfWorkers<WorkerProcess> | undefined;
  /** A reload is under way. */
  #reloading = false;
  #onStopped: (() => void) | undefined;
  /** Seconds that workers have to stop. */
  #grace = 0;

  /** @param ownStatus that of this process, where the server has one. */
  constructor(
    command: ServerCommand,
    place: Omit<WorkerPlace, 'parent'>,
    settings: WorkerSettings,
    ownStatus?: () => ServerStatus,
  ) {
    this.#command = command;
    this.#place = place;
    this.#settings = settings;
    this.#wanted = settings.workers;
    this.begun = new Promise((resolve, reject) => {
      this.#onBegun = resolve;
      this.#onFailed = reject;
    });
    if (ownStatus !== undefined) this.#status = this.#openStatus(ownStatus);
    this.#pulse = new PulseWatch(this.#workers, () => this.#settings.timeout);
    // The first alone: what is wrong with the application is then said once.
    this.#start();
  }

  get size(): number {
    return this.#workers.size;
  }

  /** What the stop of them all waits for. */
  get running(): RunningCount {
    let [requests, webSockets] = [0, 0];
    for (const { running } of this.#workers) {
      requests += running.requests;
      webSockets += running.webSockets;
    }
    return { requests, webSockets };
  }

  /** New workers, with the configuration and the application as they are now, take the places of all. */
  reload(): void {
    if (this.#isStopping) return;
    logger.info('Reloading');
    tellServiceManager('RELOADING=1');
    this.#reloading = true;
    for (const worker of this.#workers) if (worker.state !== 'leaving') worker.outdated = 'reload';
    this.#tend();
  }

  /** One more, or one less (1 is the least). */
  change(by: 1 | -1): void {
    if (this.#isStopping) return;
    this.#wanted = Math.max(1, this.#wanted + by);
    logger.info(`${this.#wanted} worker${this.#wanted === 1 ? ' is' : 's are'} wanted`);
    this.#tend();
  }

  reopenLogs(): void {
    for (const { channel } of this.#workers) channel.send('reopenLogs', {});
  }

  /** Resolves when all have ended. A second call, with a `grace` of 0, ends them at once. @param grace seconds. */
  stop(grace: number): Promise<void> {
    this.#backoff.stop();
    this.#status?.stop();
    this.distribution.close();
    const stopped = new Promise<void>((resolve) => {
      const before = this.#onStopped;
      this.#onStopped = () => {
        before?.();
        resolve();
      };
    });
    this.#grace = grace;
    for (const worker of this.#workers) worker.end(grace);
    this.#checkStopped();
    return stopped;
  }

  get #isStopping(): boolean {
    return this.#onStopped !== undefined;
  }

  #checkStopped(): void {
    if (this.#workers.size > 0) return;
    this.#pulse.stop();
    this.#onStopped?.();
  }

  // What workers tell

  ready(worker: WorkerProcess, settings: WorkerSettings): void {
    worker.state = 'serving';
    if (this.#isStopping) {
      worker.end(this.#grace);
      return;
    }
    this.#backoff.succeeded();
    logger.info(`Worker ${worker.pid} serves`);
    if (this.#reloading) this.#adopt(settings);
    this.distribution.add(worker);
    if (!this.#hasServed) {
      this.#hasServed = true;
      this.#onBegun();
    }
    this.#tend();
  }

  retires(worker: WorkerProcess, why: string): void {
    if (worker.state !== 'serving') return;
    worker.retiring = true;
    if (worker.outdated !== undefined) return;
    logger.info(`Worker ${worker.pid} ${why}: another one takes its place`);
    worker.outdated = 'retire';
    this.#tend();
  }

  taken(worker: WorkerProcess): void {
    this.distribution.taken(worker);
  }

  closes(worker: WorkerProcess): void {
    this.distribution.remove(worker);
  }

  readonly returned = this.distribution.giveBack;

  status(worker: WorkerProcess, message: StatusMessage): void {
    this.#status?.take(worker, message);
  }

  ended(worker: WorkerProcess, ending: Ending): void {
    this.#workers.delete(worker);
    const { state, pid } = worker;
    const before = state === 'starting' ? ' before it served' : '';
    const what = `${worker.killed ?? describeEnding(ending)}${before}`;
    const why = worker.failure === undefined ? '' : `: ${worker.failure}`;
    const { served } = worker;
    const serving = served === '' ? '' : `. It was serving ${served}`;
    this.distribution.lost(worker);
    this.#status?.gone(worker);
    if (state === 'leaving' || this.#isStopping) {
      if (ending.forced) logger.error(`Worker ${pid} did not end in time and was killed${serving}`);
      else if (ending.code !== 0 && state !== 'starting') logger.error(`Worker ${pid} ${what}${serving}`);
      else logger.info(`Worker ${pid} has left`);
    } else if (state === 'starting') this.#didNotStart(worker, what);
    else {
      logger.error(`Worker ${pid} ${what}${why}${serving}. Another one takes its place`);
      this.#backoff.died(worker);
      this.#restarts++;
    }
    if (this.#isStopping) this.#checkStopped();
    else this.#tend();
  }

  // What is done

  #tend(): void {
    // The first that serves shows that others can.
    if (this.#isStopping || !this.#hasServed) return;
    const wanted = this.#wanted;
    const all = [...this.#workers];
    const serving = all.filter(({ state }) => state === 'serving');
    let starting = all.filter(({ state }) => state === 'starting').length;
    const leaving = all.length - serving.length - starting;
    for (let surplus = serving.length - wanted; surplus > 0; surplus--) {
      const one = serving.find(({ outdated }) => outdated !== undefined) ?? serving[0];
      if (one === undefined) break;
      serving.splice(serving.indexOf(one), 1);
      this.distribution.remove(one);
      one.leave();
    }
    // After several SIGTTOU more may be leaving: that must not keep all from being served.
    const fits = () => this.#workers.size <= wanted || serving.length + starting === 0;
    while (serving.length + starting < wanted && fits() && this.#backoff.allows()) {
      this.#start();
      starting++;
    }
    const outdated = serving.some((worker) => worker.outdated !== undefined);
    if (outdated && starting + leaving === 0 && this.#workers.size <= wanted && this.#backoff.allows()) {
      this.#start();
    }
    if (this.#reloading && !all.some((worker) => worker.outdated === 'reload')) {
      this.#reloading = false;
      logger.info('Reloaded');
      tellServiceManager('READY=1');
    }
  }

  #openStatus(ownStatus: () => ServerStatus): StatusOfWorkers<WorkerProcess> {
    const inState = (state: WorkerProcess['state']) =>
      [...this.#workers].filter((one) => one.state === state);
    return new StatusOfWorkers(
      () => [...inState('serving'), ...inState('leaving')],
      () => ({ ...ownStatus(), workers: { running: inState('serving').length, restarts: this.#restarts } }),
      (worker, message) => worker.channel.send('status', message),
    );
  }

  #start(): void {
    this.#workers.add(new WorkerProcess(this.#command, this.#place, ++this.#started, this));
  }

  #didNotStart(worker: WorkerProcess, what: string): void {
    const why = worker.failure ?? `A worker ${what}`;
    if (!this.#hasServed) {
      this.#onFailed(new ConfigError(why));
      return;
    }
    if (this.#reloading && worker.outdated !== undefined) {
      // It began before the last reload was asked for: the next one has what is there now.
      logger.error(`A worker did not start, and one with newer code is tried: ${why}`);
    } else if (this.#reloading) {
      this.#reloading = false;
      // Those that serve go on, as they are.
      for (const one of this.#workers) {
        if (one.outdated === 'reload') one.outdated = one.retiring ? 'retire' : undefined;
      }
      tellServiceManager('READY=1');
      logger.error(`The reload was given up, and the workers that serve go on. ${why}`);
      this.#backoff.failed('');
    } else this.#backoff.failed(`A worker did not start: ${why}`);
  }

  #adopt(settings: WorkerSettings): void {
    const { workers, bind } = this.#settings;
    if (settings.workers !== workers) this.#wanted = settings.workers;
    if (settings.bind !== bind) {
      logger.warning(
        `The address changes from ${bind} to ${settings.bind} with a restart only, not with a reload`,
      );
    }
    this.#settings = settings;
  }
}
