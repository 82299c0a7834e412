/** The copies of requests that wait for the candidate: few of them, in few bytes, and the oldest first. */
import { setTimeout as delay } from 'node:timers/promises';
import { describeThrown, logger } from '../../logger.js';
import type { Result } from '../report/result.js';
import type { Job, Runner } from './candidate-source.js';
import { observedOf } from './compare-copies.js';
import { recordedRequest } from './copied-request.js';

/** What became of one copy; a `Report` of this room takes it as it is. */
export interface MirrorResult extends Result {
  /** Requests so far that were not copied, because the candidate was too slow for all of them, or their body too large. */
  readonly dropped: number;
}

export interface CopiesSettings {
  readonly runner: Runner;
  /** How many may wait, those counted that do not end. */
  readonly most: number;
  readonly timeoutMs: number;
  readonly report: (result: MirrorResult) => unknown;
}

interface Waiting {
  readonly job: Job;
  readonly release: () => void;
}

export class Copies {
  readonly #settings: CopiesSettings;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  /** Calls whose time was over, and which go on all the same. */
  #stuck = 0;
  #number = 0;
  #dropped = 0;
  /** What the log was told of those: once each. */
  readonly #said = new Set<string>();
  #complained = false;

  constructor(settings: CopiesSettings) {
    this.#settings = settings;
  }

  /** False if a copy that was made now would find no room. */
  get hasRoom(): boolean {
    const { most, runner } = this.#settings;
    return runner.room > 0 && this.#waiting.length + this.#stuck < most;
  }

  /** @param which requests they are, after "requests" in a sentence. */
  drop(which = ', because its candidate does not keep up with them'): void {
    this.#dropped++;
    if (this.#said.has(which) || this.#settings.runner.room === 0) return;
    this.#said.add(which);
    logger.warning(`mirror() leaves out requests${which}: its reports count them as dropped`);
  }

  /** @param release to be called when its bytes are not needed any more. */
  add(job: Job, release: () => void): void {
    if (!this.hasRoom) {
      release();
      this.drop();
      return;
    }
    this.#waiting.push({ job, release });
    // Not in the turn in which the original's answer is sent.
    setImmediate(this.#work);
  }

  readonly #work = (): void => {
    while (this.#running < this.#settings.runner.room) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running++;
      void this.#run(next);
    }
    // Nothing will take them any more.
    if (this.#settings.runner.room === 0) for (const { release } of this.#waiting.splice(0)) release();
  };

  async #run({ job, release }: Waiting): Promise<void> {
    try {
      const { compared, left } = this.#settings.runner.start(job);
      const { candidate, differences } = await compared;
      this.#stuck++;
      void left.then(() => {
        this.#stuck--;
      });
      const { request, original, asked } = job;
      const sent = recordedRequest(request);
      const observed = observedOf(original, asked);
      await this.#report({
        number: ++this.#number,
        exchange: { request: sent, started: new Date(request.started), answer: observed.answer },
        sent: { original: sent, candidate: sent },
        verdict: differences.length === 0 ? 'equal' : 'different',
        differences,
        noise: [],
        drift: [],
        original: observed,
        candidate: observedOf(candidate, asked),
        note:
          original.over && candidate.over
            ? `only the first ${original.bytes.length} bytes were compared`
            : undefined,
        dropped: this.#dropped,
      });
    } catch (error) {
      this.#complain(error);
    } finally {
      release();
      this.#running--;
      this.#work();
    }
  }

  /** It may take time, but not without end: its result holds two answers. */
  async #report(result: MirrorResult): Promise<void> {
    const over = new AbortController();
    try {
      const { timeoutMs, report } = this.#settings;
      const late = delay(timeoutMs, undefined, { ref: false, signal: over.signal }).catch(() => {});
      await Promise.race([report(result), late]);
    } finally {
      over.abort();
    }
  }

  /** Once: there may be one for each request. */
  #complain(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    logger.error(`The report function of mirror() failed (this is said once)\n${describeThrown(error)}`);
  }
}
