/** The two values of a difference on one line each, shortened around the place where they begin to differ. */
import { inLine } from './visible.js';

/** Characters that are shown, and how many of them before the difference. */
const SHOWN = 240;
const BEFORE = 80;

/** `null` for a side that has none. */
export function shortValues(
  original: string | null,
  candidate: string | null,
): [original: string | null, candidate: string | null] {
  const start = sameStart(original ?? '', candidate ?? '');
  return [shortened(original, start), shortened(candidate, start)];
}

function sameStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function shortened(value: string | null, start: number): string | null {
  if (value === null || value.length <= SHOWN) return value === null ? null : inLine(value);
  const from = Math.max(0, Math.min(start - BEFORE, value.length - SHOWN));
  const part = value.slice(from, from + SHOWN).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  return `${from === 0 ? '' : '…'}${inLine(part)}${from + SHOWN < value.length ? '…' : ''}`;
}
