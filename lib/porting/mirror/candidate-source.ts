/** Where a candidate is found, and what its thread is told and answers. */
import type { MessagePort } from 'node:worker_threads';
import type { ASIDE_KIND, ThreadEntry } from '../../server/threads/shared/thread-data.js';
import type { Difference } from '../diff/difference.js';
import type { AnswerCopy } from './captured-answer.js';
import type { Asked } from './compare-copies.js';
import type { CopiedRequest } from './copied-request.js';

export type CandidateSource =
  /** `./candidate.js:app`. */
  | { readonly named: string }
  | { readonly url: string }
  /** The candidate of the `mirror()` with this number, when the script, or what the command runs, is loaded again. */
  | { readonly entry: ThreadEntry; readonly number: number };

/** What a thread for a candidate is told when it starts. */
export interface AsideData {
  readonly kind: typeof ASIDE_KIND;
  /** For `AsideReport`, and for jobs. */
  readonly port: MessagePort;
  readonly source: CandidateSource;
  /** Bytes of an answer that are compared. */
  readonly limit: number;
  readonly ignore: readonly string[];
  readonly logLevel: number;
}

export interface Job {
  readonly request: CopiedRequest;
  readonly asked: Asked;
  readonly original: AnswerCopy;
}

export interface Compared {
  readonly candidate: AnswerCopy;
  readonly differences: readonly Difference[];
}

/** It has the candidate; it could not load it, and this is why; or what became of the job. */
export type AsideReport = { readonly ready: true } | { readonly failed: string } | Compared;

/** What runs the candidate. */
export interface Runner {
  /** How many jobs it takes at once; 0: the candidate cannot be had any more. */
  readonly room: number;
  /** Never rejects. `left` settles when nothing of the job runs any more. */
  start(job: Job): { readonly compared: Promise<Compared>; readonly left: Promise<void> };
}
