/** The verdict on one exchange: equal, different, or the original no longer does what was recorded. */
import type { Difference, DiffOptions, Observed } from '../diff/difference.js';
import { findDifferences } from '../diff/find-differences.js';
import type { Answer, Exchange } from '../exchange.js';
import { REPLACEMENT } from '../replacement.js';
import type { Result, Verdict } from '../report/result.js';
import type { Wanted } from './follow/follower.js';
import { hostOf } from './follow/scope.js';
import { isFollowed, isNoise, type Meaning } from './noise.js';
import type { Planned } from './recording.js';
import type { Seen } from './side.js';

/** What is known of an exchange once all passes are over. */
export interface Case {
  readonly planned: Planned;
  readonly original: Seen;
  readonly candidate: Seen;
  /** What the original did the other times. */
  readonly others: readonly Other[];
}

export interface Other {
  readonly observed: Observed;
  readonly meaning: Meaning;
}

export interface JudgeOptions extends DiffOptions {
  readonly original: Meaning;
  readonly candidate: Meaning;
  readonly wanted: Wanted;
  /** False if the recording says nothing of cookies. */
  readonly hasCookies: boolean;
}

/** Kinds of what a recording does not tell reliably: a browser does not say how an answer was framed, or when it came. */
const NOT_RECORDED: readonly string[] = ['stream', 'wire'];

export async function judge(found: Case, options: JudgeOptions): Promise<Result> {
  const { planned, original, candidate, others } = found;
  const { number, exchange } = planned;
  const sent = { original: original.sent, candidate: candidate.sent };
  const skipped = original.skipped ?? candidate.skipped;
  if (skipped !== undefined) {
    return {
      number,
      exchange,
      sent,
      verdict: 'skipped',
      differences: [],
      noise: [],
      drift: [],
      note: skipped,
    };
  }
  const own = (await Promise.all(others.map((other) => findOwn(original.observed, other, options)))).flat();
  const all = await findDifferences(original.observed, candidate.observed, options);
  const counts = (difference: Difference) =>
    !isNoise(difference, own) && !isFollowed(difference, options.original, options.candidate);
  const differences = all.filter(counts);
  const drift = await findDrift(found, own, options);
  let verdict: Verdict = drift.length > 0 ? 'drift' : 'equal';
  if (differences.length > 0) verdict = 'different';
  return {
    number,
    exchange,
    sent,
    verdict,
    differences,
    noise: all.filter((difference) => !counts(difference)),
    drift,
    original: original.observed,
    candidate: candidate.observed,
    ...(others.length === 0 ? { note: 'the original was asked once, so noise is not known here' } : {}),
  };
}

/** What the original does otherwise each time. An id that its client has sent back is not chance: the candidate's has to lead there too. */
async function findOwn(
  original: Observed,
  { observed, meaning }: Other,
  options: JudgeOptions,
): Promise<Difference[]> {
  const found = await findDifferences(original, observed, options);
  return found.filter((difference) => !isFollowed(difference, options.original, meaning));
}

/** The recording against the original. Where nothing was recorded, an original that fails proves nothing. */
async function findDrift(
  { planned, original: { observed } }: Case,
  own: readonly Difference[],
  options: JudgeOptions,
): Promise<Difference[]> {
  const { exchange } = planned;
  const { answer } = exchange;
  if (answer === undefined) return isFailure(observed) ? [failureOf(observed)] : [];
  const recorded: Observed = { answer, conversation: exchange.conversation, url: recordedUrl(exchange) };
  const found = await findDifferences(recorded, observed, options);
  const ours: Meaning = (value) => new Set(options.wanted.has(value) ? [value] : []);
  return found.filter(
    (difference) =>
      isKnown(difference, exchange, answer, options) &&
      // The original stands on the right here, and on the left when it is compared with itself.
      !isNoise(swapped(difference), own) &&
      !isFollowed(difference, ours, options.original),
  );
}

function swapped({ kind, where, original, candidate }: Difference): Difference {
  return { kind, where, original: candidate, candidate: original };
}

/** False where the recording does not say what the server did. */
function isKnown(
  { kind, where, original, candidate }: Difference,
  exchange: Exchange,
  answer: Answer,
  { hasCookies }: JudgeOptions,
): boolean {
  if (NOT_RECORDED.includes(kind)) return false;
  if (answer.body.missing === true && ['body', 'cut', 'charset'].includes(kind)) return false;
  if (kind === 'reason' && answer.reason === '') return false;
  if (kind === 'cookie' && !hasCookies && original === undefined) return false;
  // Exports of a browser have bodies without their content coding.
  if (original === undefined && /^content[- ](?:encoding|coding)$/i.test(where)) return false;
  if (where === 'close code' && exchange.conversation?.closeCode === 0) return false;
  return !isRedacted(original, candidate);
}

/** True if only what `record` has replaced differs, as far as one can tell: a replacement stands for any text. */
function isRedacted(recorded: string | undefined, text: string | undefined): boolean {
  if (recorded === undefined || text === undefined) return false;
  const parts = recorded.split(new RegExp(REPLACEMENT.source.replace('(', '(?:')));
  if (parts.length === 1) return false;
  const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('[^]*');
  // What is long is shortened around the first character that differs: the ends are not known then.
  return new RegExp(`^${pattern.replace(/^…|…$/g, '[^]*')}$`, 'u').test(text) || recorded.includes('…');
}

function isFailure({ answer }: Observed): boolean {
  return answer === undefined || answer.status >= 500;
}

function failureOf({ answer, failure }: Observed): Difference {
  const outcome = answer === undefined ? (failure ?? 'no answer') : `answered ${answer.status}`;
  return { kind: 'failure', where: '', original: undefined, candidate: outcome };
}

function recordedUrl({ request }: Exchange): string {
  const { target } = request;
  return /^[a-z][a-z\d+.-]*:/i.test(target) ? target : `http://${hostOf(request)}${target}`;
}
