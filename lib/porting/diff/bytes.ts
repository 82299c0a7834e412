/** Two bodies of any size, block against block: where the first byte differs, without holding more than two blocks. */

export interface Comparison {
  /** Offset of the first byte that differs; undefined if one is the beginning of the other. */
  readonly at: number | undefined;
  /** What there is at that place, a few bytes of it. */
  readonly original: Buffer;
  readonly candidate: Buffer;
  /** In bytes; of what was read, if it was not read to its end. */
  readonly sizes: readonly [original: number, candidate: number];
}

/** Bytes that are shown from the first that differs. */
const SHOWN = 16;

/** Of one body: the rest of the block that was read last. */
class Cursor {
  readonly #blocks: AsyncIterator<Buffer>;
  block: Buffer = Buffer.alloc(0);
  read = 0;
  ended = false;

  constructor(blocks: AsyncIterable<Buffer>) {
    this.#blocks = blocks[Symbol.asyncIterator]();
  }

  /** Until there is a byte, or the body has ended. */
  async fill(): Promise<void> {
    while (this.block.length === 0 && !this.ended) await this.#next();
  }

  async #next(): Promise<void> {
    const next = await this.#blocks.next();
    if (next.done === true) {
      this.ended = true;
      return;
    }
    this.block = this.block.length === 0 ? next.value : Buffer.concat([this.block, next.value]);
    this.read += next.value.length;
  }

  /** Up to SHOWN bytes from here. */
  async ahead(): Promise<Buffer> {
    while (this.block.length < SHOWN && !this.ended) await this.#next();
    return this.block.subarray(0, SHOWN);
  }

  /** Reads to the end, for its size. */
  async finish(): Promise<number> {
    while (!this.ended) {
      this.block = Buffer.alloc(0);
      await this.#next();
    }
    return this.read;
  }

  async close(): Promise<void> {
    await this.#blocks.return?.();
  }
}

export async function compareBytes(
  original: AsyncIterable<Buffer>,
  candidate: AsyncIterable<Buffer>,
): Promise<Comparison> {
  const [a, b] = [new Cursor(original), new Cursor(candidate)];
  try {
    let at = 0;
    for (;;) {
      await a.fill();
      await b.fill();
      const length = Math.min(a.block.length, b.block.length);
      if (length === 0) break;
      const same = equalLength(a.block, b.block, length);
      at += same;
      a.block = a.block.subarray(same);
      b.block = b.block.subarray(same);
      if (same < length) {
        const [ours, theirs] = [Buffer.from(await a.ahead()), Buffer.from(await b.ahead())];
        return { at, original: ours, candidate: theirs, sizes: [await a.finish(), await b.finish()] };
      }
    }
    const empty = Buffer.alloc(0);
    return { at: undefined, original: empty, candidate: empty, sizes: [await a.finish(), await b.finish()] };
  } finally {
    await a.close();
    await b.close();
  }
}

function equalLength(a: Buffer, b: Buffer, length: number): number {
  if (a.compare(b, 0, length, 0, length) === 0) return length;
  let at = 0;
  while (a[at] === b[at]) at++;
  return at;
}
