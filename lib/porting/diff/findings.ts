/** The differences of one exchange as they are found: bounded in number and length. */
import type { Difference, Kind } from './difference.js';

/** More than a person reads; noise is looked for among all of them. */
const MOST = 1000;
/** Longer values are shortened to what differs, with some characters before and after it. */
const WHOLE = 2000;
const AROUND = 80;

export class Findings {
  readonly list: Difference[] = [];
  #left = 0;

  /** Adds a difference, shortened to what differs if the values are long. */
  add(kind: Kind, where: string, original: string | undefined, candidate: string | undefined): void {
    if (this.list.length >= MOST) {
      this.#left++;
      return;
    }
    if ((original?.length ?? 0) <= WHOLE && (candidate?.length ?? 0) <= WHOLE) {
      this.list.push({ kind, where, original, candidate });
      return;
    }
    const [ours, theirs] = [original ?? '', candidate ?? ''];
    const start = sameStart(ours, theirs);
    const end = sameEnd(ours, theirs, start);
    const cut = (text: string | undefined) => (text === undefined ? undefined : excerpt(text, start, end));
    this.list.push({ kind, where, original: cut(original), candidate: cut(candidate) });
  }

  /** Adds a difference unless the two are the same. */
  compare(kind: Kind, where: string, original: string | undefined, candidate: string | undefined): void {
    if (original !== candidate) this.add(kind, where, original, candidate);
  }

  /** All of them, and how many there are beyond those. */
  end(): Difference[] {
    if (this.#left === 0) return this.list;
    const more = `${this.#left} more differences`;
    return [...this.list, { kind: 'body', where: 'and more', original: more, candidate: more }];
  }
}

/** In UTF-16 units: how far two texts are the same. */
export function sameStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function sameEnd(a: string, b: string, start: number): number {
  const most = Math.min(a.length, b.length) - start;
  let length = 0;
  while (length < most && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length))
    length++;
  return length;
}

/** The same characters before and after on both sides, so that only what differs does. */
function excerpt(text: string, start: number, end: number): string {
  const from = Math.max(0, start - AROUND);
  const to = Math.min(text.length, from + WHOLE, text.length - end + AROUND);
  // No half of a character that is a pair.
  const part = text.slice(from, to).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  return `${from === 0 ? '' : '…'}${part}${to === text.length ? '' : '…'}`;
}
