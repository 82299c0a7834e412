/** Two answers line by line, with what is the same left out in between. */
import { align } from '../diff/align.js';
import type { AnswerText } from './report-data.js';

export interface Row {
  /** Undefined where one side has no such line. */
  readonly original: string | undefined;
  readonly candidate: string | undefined;
  readonly same: boolean;
}

const ASIDE = /^(?:date|server|content-length|connection|keep-alive|sec-websocket-accept):/i;

/** What says that an answer has more than is shown: no line of it, so it is not counted with those that are equal. */
const MORE = /^(?:…|\(of .* in all\)$)/;

/** Lines that are the same, around those that differ. */
const CONTEXT = 3;
const MOST_ROWS = 200;

/** A number stands for so many lines that are the same. */
export function rowsOf(original: AnswerText, candidate: AnswerText): (Row | number)[] {
  const rows = aligned(linesOf(original), linesOf(candidate));
  const shown: (Row | number)[] = [];
  let skipped = 0;
  for (const [at, row] of rows.entries()) {
    const near =
      at === 0 ||
      (row.same && MORE.test(row.original ?? '')) ||
      rows.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ same }) => !same);
    if (!near || shown.length >= MOST_ROWS) {
      skipped++;
      continue;
    }
    // For one line the note would take as much room.
    const before = rows[at - 1];
    if (skipped > 1) shown.push(skipped);
    else if (skipped === 1 && before !== undefined) shown.push(before);
    skipped = 0;
    shown.push(row);
  }
  return skipped > 0 ? [...shown, skipped] : shown;
}

function linesOf({ head, body }: AnswerText): string[] {
  return body === '' ? head.split('\n') : [...head.split('\n'), '', ...body.split('\n')];
}

function aligned(a: readonly string[], b: readonly string[]): Row[] {
  const rows: Row[] = [];
  let [x, y] = [0, 0];
  const end = { original: [a.length, a.length], candidate: [b.length, b.length] } as const;
  for (const { original, candidate } of [...align(a, b), end]) {
    for (; x < original[0]; x++, y++) rows.push({ original: a[x], candidate: b[y], same: true });
    while (x < original[1] || y < candidate[1]) {
      const ours = x < original[1] ? a[x++] : undefined;
      const theirs = y < candidate[1] ? b[y++] : undefined;
      rows.push({ original: ours, candidate: theirs, same: isAside(ours, theirs) });
    }
  }
  return rows;
}

/** Fields of both sides that are not compared, or only with --wire, which lists them by name. */
function isAside(ours = '', theirs = ''): boolean {
  const names = [ours, theirs].map((line) => ASIDE.exec(line)?.[0].toLowerCase());
  return names[0] !== undefined && names[0] === names[1];
}
