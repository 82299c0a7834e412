/** What became of one exchange when it was replayed: what `compare` finds out, and a report shows. */
import type { Difference, Observed } from '../diff/difference.js';
import type { Exchange, RecordedRequest } from '../exchange.js';

export type Verdict = 'equal' | 'different' | 'drift' | 'skipped';

export interface Result {
  /** Its place in the archive, from 1. */
  readonly number: number;
  /** As it was recorded. */
  readonly exchange: Exchange;
  /** What each side was sent: with values that it had handed out itself, such as ids of sessions. */
  readonly sent: { readonly original: RecordedRequest; readonly candidate: RecordedRequest };
  readonly verdict: Verdict;
  /** The original against the candidate, without noise. */
  readonly differences: readonly Difference[];
  /** Left out of `differences`, because the original differs from itself there. */
  readonly noise: readonly Difference[];
  /** The recording against the original. */
  readonly drift: readonly Difference[];
  readonly original?: Observed | undefined;
  readonly candidate?: Observed | undefined;
  /** Why it was skipped, or anything else that a reader has to know of this exchange. */
  readonly note?: string | undefined;
}

/** What a report says of the whole comparison. */
export interface ReportOptions {
  /** The archive that was replayed. */
  readonly archive: string;
  /** The two sides, as they were named on the command line. */
  readonly original: string;
  readonly candidate: string;
  /** Values that are shown nowhere, wherever they come: those of --secret. */
  readonly secrets?: readonly string[] | undefined;
  /** What a reader has to know of the whole: that unsafe methods were not repeated, for example. */
  readonly notes?: readonly string[] | undefined;
}
