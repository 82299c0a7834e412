/** Python's `json.JSONDecodeError`: where a document stops being JSON. */
import { ValueError } from '../errors.js';

/** Positions count characters as Python does: an emoji is one. */
export class JSONDecodeError extends ValueError {
  override readonly name = 'JSONDecodeError';
  /** Without the place. */
  readonly msg: string;
  readonly doc: string;
  /** From 0. */
  readonly pos: number;
  /** From 1. */
  readonly lineno: number;
  /** From 1. */
  readonly colno: number;

  /** @param at index in the string. */
  constructor(msg: string, doc: string, at: number) {
    const before = doc.slice(0, at);
    const lineStart = before.lastIndexOf('\n') + 1;
    const pos = characters(before);
    const lineno = before.split('\n').length;
    const colno = characters(before.slice(lineStart)) + 1;
    super(`${msg}: line ${lineno} column ${colno} (char ${pos})`);
    this.msg = msg;
    this.doc = doc;
    this.pos = pos;
    this.lineno = lineno;
    this.colno = colno;
  }
}

function characters(text: string): number {
  let pairs = 0;
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) pairs++;
  }
  return text.length - pairs;
}
