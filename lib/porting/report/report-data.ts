/** What a report holds, as `--report FILE.json` writes it; text, JUnit and HTML are made of it. */
import type { Kind } from '../diff/difference.js';
import type { Verdict } from './result.js';

/** How many exchanges. One that has noise is equal, different or drift as well. */
export interface Counts {
  readonly exchanges: number;
  readonly equal: number;
  readonly different: number;
  /** With something that was left out, because the original differs from itself there. */
  readonly noise: number;
  readonly drift: number;
  readonly skipped: number;
}

export interface RouteCounts extends Counts {
  /** `GET /items/{id}` */
  readonly route: string;
}

/** One side of an example. */
export interface AnswerText {
  /** Status line and header fields, without secrets; or why there is no answer. */
  readonly head: string;
  /** The part of the body in which the first difference is; of bytes that are not text their digits, and JSON indented. */
  readonly body: string;
}

/** The first exchange with that difference. */
export interface Example {
  /** Its place in the archive, from 1. */
  readonly number: number;
  readonly method: string;
  readonly target: string;
  /** A line for `sh` that sends the request; without secrets. */
  readonly curl: string;
  /** Of drift this is the recording, and `candidate` the original. */
  readonly original: AnswerText;
  readonly candidate: AnswerText;
}

/** A difference, however many exchanges have it. */
export interface Group {
  readonly kind: Kind;
  /** A header's name, a JSON pointer, a path in HTML …; '' for the whole. */
  readonly where: string;
  /** In how many exchanges. */
  readonly count: number;
  readonly routes: readonly { readonly route: string; readonly count: number }[];
  /** Of the first exchange that has it; null for what is not there. */
  readonly original: string | null;
  readonly candidate: string | null;
  /** The heading in PORTING.md below which it is explained; null if there is none. */
  readonly section: string | null;
  /** Null for noise, and for groups beyond those that a report has room for. */
  readonly example: Example | null;
}

export interface ExchangeRow {
  readonly number: number;
  readonly method: string;
  readonly target: string;
  readonly route: string;
  readonly verdict: Verdict;
  /** Each as `kind where`. */
  readonly differences: readonly string[];
  readonly drift: readonly string[];
  readonly noise: readonly string[];
  readonly note: string | null;
}

export interface ReportData {
  /** Of this shape; it grows with names that are added. */
  readonly version: 1;
  readonly archive: string;
  readonly original: string;
  readonly candidate: string;
  readonly notes: readonly string[];
  readonly totals: Counts;
  readonly routes: readonly RouteCounts[];
  /** The original against the candidate. */
  readonly differences: readonly Group[];
  /** The recording against the original. */
  readonly drift: readonly Group[];
  /** The original against itself. */
  readonly noise: readonly Group[];
  /** Of the first 20,000; the counts are of all. */
  readonly exchanges: readonly ExchangeRow[];
}
