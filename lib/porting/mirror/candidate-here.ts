/** Runs a candidate in this thread, next to the original: for applications of the event loop, which do not block it. */
import type { AnyEnviron, ApplicationOn } from '../../environ/types.js';
import type { Ignore } from '../diff/ignore.js';
import { callCandidate } from './candidate-call.js';
import type { Compared, Job, Runner } from './candidate-source.js';
import { compareCopies } from './compare-copies.js';

export interface HereSettings {
  readonly limit: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly ignore: Ignore;
}

export class CandidateHere implements Runner {
  readonly #candidate: ApplicationOn<AnyEnviron>;
  readonly #settings: HereSettings;

  constructor(candidate: ApplicationOn<AnyEnviron>, settings: HereSettings) {
    this.#candidate = candidate;
    this.#settings = settings;
  }

  get room(): number {
    return this.#settings.concurrency;
  }

  start({ request, asked, original }: Job): { compared: Promise<Compared>; left: Promise<void> } {
    const { limit, timeoutMs, ignore } = this.#settings;
    const { answer, left } = callCandidate(this.#candidate, request, limit, timeoutMs);
    const compared = answer.then(async (candidate) => ({
      candidate,
      differences: await compareCopies(original, candidate, asked, ignore),
    }));
    return { compared, left };
  }
}
