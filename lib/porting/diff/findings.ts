/** The differences of one exchange as they are found: bounded in number and length. */
import type { Difference, Kind } from './difference.js';

/** More than a person reads; noise is looked for among all of them. */
const MOST = 1000;
/** Characters of a value that are shown, and how many of them stand before the first that differs. */
const SHOWN = 240;
const BEFORE = 60;

export class Findings {
  readonly list: Difference[] = [];
  #left = 0;

  /** Adds a difference, with what is around the first character that differs if the values are long. */
  add(kind: Kind, where: string, original: string | undefined, candidate: string | undefined): void {
    if (this.list.length >= MOST) {
      this.#left++;
      return;
    }
    const at = firstDifference(original ?? '', candidate ?? '');
    this.list.push({ kind, where, original: excerpt(original, at), candidate: excerpt(candidate, at) });
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

/** In UTF-16 units, never between the two of one character. */
function firstDifference(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

function excerpt(text: string | undefined, at: number): string | undefined {
  if (text === undefined || text.length <= SHOWN) return text;
  let from = at < SHOWN - BEFORE ? 0 : at - BEFORE;
  if (from > text.length - SHOWN) from = Math.max(0, text.length - SHOWN);
  const end = Math.min(text.length, from + SHOWN);
  // toWellFormed is of Node 20, and of a later lib than this project is compiled with.
  const part = text.slice(from, end).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  return `${from === 0 ? '' : '…'}${part}${end === text.length ? '' : '…'}`;
}
