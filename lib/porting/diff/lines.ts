/** Text, line by line: a line that is inserted is one difference, and does not move those after it. */
import { align } from './align.js';
import type { Kind } from './difference.js';
import type { Findings } from './findings.js';

/** Text of one line is shown as a whole, and has no number. */
export function compareText(
  kind: Kind,
  prefix: string,
  original: string,
  candidate: string,
  findings: Findings,
): void {
  if (original === candidate) return;
  const [a, b] = [original.split('\n'), candidate.split('\n')];
  if (a.length === 1 && b.length === 1) {
    findings.add(kind, prefix, original, candidate);
    return;
  }
  for (const hunk of align(a, b)) {
    const [from, to] = hunk.original;
    const [otherFrom, otherTo] = hunk.candidate;
    const length = Math.max(to - from, otherTo - otherFrom);
    for (let at = 0; at < length; at++) {
      const ours = from + at < to ? a[from + at] : undefined;
      const theirs = otherFrom + at < otherTo ? b[otherFrom + at] : undefined;
      if (ours !== theirs) findings.add(kind, placeOf(prefix, from + at), ours, theirs);
    }
  }
}

function placeOf(prefix: string, line: number): string {
  return `${prefix === '' ? '' : `${prefix}, `}line ${line + 1}`;
}
