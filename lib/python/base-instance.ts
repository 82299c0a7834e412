/** What a Python with lanes says while it loads, its lanes, and its end. */
import { ConfigError } from '../errors.js';
import { logger } from '../logger.js';
import type { BaseLane } from './base-lane.js';
import { lostError } from './error.js';
import type { InstanceEvents, Loaded, PythonInstance } from './instance.js';
import type { ToldPublication } from './topic-calls.js';

/** Milliseconds that one may take to end after its application has. */
const END_MS = 5000;

/** Milliseconds after which the log says that the application still loads: it may hang, or run a server that is not known here. */
const SLOW_MS = 5000;

/** What Python says about itself. */
export interface Told extends Partial<Loaded> {
  readonly ready?: boolean;
  readonly failed?: string;
  readonly details?: string;
  readonly files?: readonly string[];
  readonly publish?: ToldPublication;
  /** A thread of a process, and requests that it gives back. */
  readonly withdrawn?: readonly [lane: number, requests: readonly number[]];
}

export abstract class BaseInstance<L extends BaseLane> implements PythonInstance {
  abstract readonly noun: string;
  abstract readonly label: string;
  abstract readonly isShared: boolean;
  abstract readonly lanes: readonly L[];
  readonly loaded: Promise<Loaded>;
  isReady = false;
  replaced = false;
  retired = false;
  limit = Number.POSITIVE_INFINITY;
  /** Settles when it has ended, and all its lanes have. */
  protected abstract readonly exited: Promise<void>;
  readonly #onFile: ((file: string) => void) | undefined;
  #settle: { resolve(loaded: Loaded): void; reject(error: Error): void } | undefined;

  constructor(onFile: ((file: string) => void) | undefined) {
    this.#onFile = onFile;
    this.loaded = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const timer = setTimeout(() => {
      logger.warning(
        `${this.label} has been loading the application for ${SLOW_MS / 1000} s, or runs a server of its own`,
      );
    }, SLOW_MS).unref();
    const settled = () => clearTimeout(timer);
    // It may be awaited only later.
    this.loaded.then(settled, settled);
  }

  get requests(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.requests, 0);
  }

  get busy(): number {
    return this.lanes.filter((lane) => lane.isBusy).length;
  }

  freeLane(_atOnce = false): L | undefined {
    return this.isReady && !this.retired ? this.lanes.find((lane) => lane.isFree) : undefined;
  }

  async end(grace: number): Promise<void> {
    this.retired = this.replaced = true;
    const timer = setTimeout(() => {
      if (this.isReady) {
        logger.warning(`${this.label} goes on ${END_MS / 1000} s after it was told to end: it is killed`);
      }
      this.kill();
    }, grace + END_MS);
    // Each lane closes when it has no request any more.
    for (const lane of this.lanes) lane.close();
    if (!this.isReady) this.kill();
    await this.exited;
    clearTimeout(timer);
  }

  abstract interrupt(lane: L): void;
  abstract kill(): void;
  abstract killWhenIdle(): void;
  /** It has loaded: while it has nothing to do, it does not keep Node running. */
  protected abstract unref(): void;

  /** Whether the application has loaded, and from which files. */
  protected hear(told: Told): void {
    const { ready, failed, details = '', files = [], implementation = '', version = '', address } = told;
    for (const file of files) this.#onFile?.(file);
    if (ready === true) {
      this.isReady = true;
      this.unref();
      this.#settle?.resolve({ implementation, version, address: address ?? undefined });
    } else if (failed !== undefined) {
      const trace = details === '' ? '' : `\n${details.trimEnd()}`;
      this.#settle?.reject(new ConfigError(`The Python application could not be loaded: ${failed}${trace}`));
    }
  }

  /** It runs no more: what it has sent may still have to be read. */
  protected stopped(how: string): void {
    this.retired = true;
    this.#settle?.reject(
      new ConfigError(`The Python ${this.noun} ended before it had loaded the application: ${how}`),
    );
  }

  /** Nothing more can come from it. */
  protected over(how: string, events: InstanceEvents): void {
    for (const lane of this.lanes) lane.lose(lostError(`The Python ${this.noun} ended: ${how}`));
    events.ended(this, how);
  }
}
