/**
 * The entries of an HTTP Archive as pieces of JSON, from a stream of its bytes: the file as a whole may be larger than memory.
 * It looks for strings and brackets alone, in bytes: in UTF-8 none of them is part of another character.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const LEFT_BRACKET = 0x5b;

/** In `{"log":{"entries":[`. */
const ENTRIES_DEPTH = 3;
/** Keys above the entries that are looked at. */
const KEY_BYTES = 64;

/** Bytes of one entry; a string of V8 cannot be longer. */
const MAX_ENTRY = 0x1fffffe8;

export class EntryStream {
  /** The end of the archive has come: all brackets are closed. */
  complete = false;
  /** `log.entries` was found. */
  found = false;

  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The string that is being read, where it may be a key above the entries. */
  #string = '';
  /** The last string at a depth above the entries. */
  #key = '';
  /** The keys that lead here: of depths 1 and 2. */
  readonly #path: string[] = [];
  #inEntries = false;
  #entry: Buffer[] = [];
  #entrySize = 0;

  /**
   * Gives the entries that end in these bytes.
   * @throws RangeError for an entry of more than 512 MiB.
   */
  *push(block: Buffer): Generator<string> {
    // Where the entry begins that is open.
    let start = 0;
    for (let at = 0; at < block.length; at++) {
      if (this.#inString) {
        at = this.#skipString(block, at);
        continue;
      }
      const byte = block[at] ?? 0;
      if (byte === QUOTE) {
        this.#inString = true;
        this.#string = '';
      } else if (OPEN.has(byte)) {
        this.#open(byte);
        if (this.#inEntries && this.#depth === ENTRIES_DEPTH + 1) start = at;
      } else if (CLOSE.has(byte)) {
        const closesEntry = this.#inEntries && this.#depth === ENTRIES_DEPTH + 1;
        this.#close();
        if (closesEntry) yield this.#take(block.subarray(start, at + 1));
      } else if (byte === COLON && this.#depth <= 2) {
        this.#path[this.#depth] = this.#key;
      } else if (byte === COMMA && this.#depth <= 2) {
        this.#path[this.#depth] = '';
      }
    }
    if (this.#inEntries && this.#depth > ENTRIES_DEPTH) this.#keep(Buffer.from(block.subarray(start)));
  }

  #open(byte: number): void {
    if (
      this.#depth === 2 &&
      byte === LEFT_BRACKET &&
      this.#path[1] === 'log' &&
      this.#path[2] === 'entries'
    ) {
      this.#inEntries = true;
      this.found = true;
    }
    this.#depth += 1;
    if (this.#depth <= 2) this.#path[this.#depth] = '';
  }

  #close(): void {
    this.#depth -= 1;
    if (this.#depth === ENTRIES_DEPTH - 1) this.#inEntries = false;
    if (this.#depth === 0) this.complete = true;
  }

  /** Gives the place of the string's last byte in this block. */
  #skipString(block: Buffer, from: number): number {
    let start = from;
    for (;;) {
      // What the last block has escaped.
      if (this.#escaped) {
        this.#escaped = false;
        start += 1;
      }
      const found = block.indexOf(QUOTE, start);
      const end = found === -1 ? block.length : found;
      this.#keepKey(block, start, end);
      let slashes = 0;
      while (end - slashes > start && block[end - slashes - 1] === BACKSLASH) slashes++;
      const isEscaped = slashes % 2 === 1;
      if (found === -1) {
        this.#escaped = isEscaped;
        return block.length;
      }
      if (!isEscaped) {
        this.#inString = false;
        if (this.#depth <= 2) this.#key = this.#string;
        return found;
      }
      start = found + 1;
    }
  }

  /** A key with an escape is none that is looked for. */
  #keepKey(block: Buffer, start: number, end: number): void {
    if (this.#depth > 2 || this.#string.length > KEY_BYTES) return;
    this.#string += block.toString('latin1', start, Math.min(end, start + KEY_BYTES));
  }

  #keep(piece: Buffer): void {
    this.#entrySize += piece.length;
    if (this.#entrySize > MAX_ENTRY)
      throw new RangeError('an entry has more than 512 MiB, which cannot be read');
    this.#entry.push(piece);
  }

  #take(last: Buffer): string {
    this.#keep(last);
    const text = Buffer.concat(this.#entry).toString('utf8');
    this.#entry = [];
    this.#entrySize = 0;
    return text;
  }
}
