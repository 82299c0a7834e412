/** Does an answer come piece by piece, or all at once at the end? */
import type { Answer } from '../exchange.js';
import type { Findings } from './findings.js';

/**
 * By the order of events against the answer's own duration, not by absolute times alone, for machines are slow at times.
 * What lies between both bounds is not decided.
 */
const STREAMED = { share: 0.3, milliseconds: 100 };
const AT_ONCE = { share: 0.1, milliseconds: 25 };

/** Undefined where it cannot be said: no body, no times, or too close. */
function streams({ times, body }: Answer): boolean | undefined {
  if (times === undefined || body.size === 0) return undefined;
  const between = times.last - times.first;
  if (between >= STREAMED.milliseconds && between >= STREAMED.share * times.last) return true;
  return between <= Math.max(AT_ONCE.milliseconds, AT_ONCE.share * times.last) ? false : undefined;
}

/** A difference if one side streams and the other one surely does not, both having taken time. */
export function compareStreaming(original: Answer, candidate: Answer, findings: Findings): void {
  const [ours, theirs] = [streams(original), streams(candidate)];
  if (ours === undefined || theirs === undefined || ours === theirs) return;
  findings.add('stream', '', say(original, ours), say(candidate, theirs));
}

function say({ times }: Answer, streamed: boolean): string {
  const [first, last] = [Math.round(times?.first ?? 0), Math.round(times?.last ?? 0)];
  return `${streamed ? 'piece by piece' : 'all at once'}: first byte after ${first} ms, last after ${last} ms`;
}
