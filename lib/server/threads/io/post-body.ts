/** Sends the body of a request to the thread that reads it: as it comes, or in one go where the thread waits for much. */
import { BLOCK_BYTES, NONE, RUN_BYTES } from '../shared/blocks.js';
import { encodeError, TO_THREAD } from '../shared/messages.js';
import { inPieces } from '../shared/ring.js';
import type { PooledThread } from './pooled-thread.js';

/** Fewer bytes go through the ring. */
const LARGE = 128 * 1024;

/**
 * Sends a request body, from the first read on. It flows into the ring, and waits while that is full: a question and an
 * answer for each block would cost two more switches between threads.
 * @param isOver says whether its request is.
 */
export async function postBody(
  thread: PooledThread,
  body: { pull(): Promise<Buffer | null> },
  id: number,
  isOver: () => boolean,
): Promise<void> {
  const post = new BodyPost(thread, id);
  try {
    for (;;) {
      const chunk = await body.pull();
      if (isOver() || thread.dropped) break;
      if (chunk === null) {
        post.end();
        break;
      }
      post.send(chunk);
      await thread.room();
    }
  } catch (error) {
    if (!isOver()) thread.post(TO_THREAD.error, 0, id, '', encodeError(error));
  } finally {
    post.giveUp();
  }
}

/** A thread that waits for many bytes is woken once, when all of them are in blocks, and copies them from there once. */
class BodyPost {
  readonly #thread: PooledThread;
  readonly #id: number;
  /** Bytes that were sent, or are in the blocks. */
  #sent = 0;
  /** Blocks that are being filled, or NONE, and how far. */
  #block = NONE;
  #filled = 0;

  constructor(thread: PooledThread, id: number) {
    this.#thread = thread;
    this.#id = id;
  }

  send(chunk: Buffer): void {
    const { line, blocks, id: owner } = this.#thread;
    // While the thread has not read what came before, the ring bounds what waits.
    const isWanted = line.wantedAfter(this.#sent) >= LARGE && line.inbound.isEmpty;
    // They are the thread's, so that they are free when it ends.
    if (this.#block === NONE && isWanted) this.#block = blocks.take(owner, RUN_BYTES / BLOCK_BYTES);
    if (this.#block === NONE) {
      this.#sent += chunk.length;
      inPieces(chunk, (piece) => this.#thread.post(TO_THREAD.body, 0, this.#id, '', piece));
      return;
    }
    const fits = chunk.subarray(0, RUN_BYTES - this.#filled);
    const end = this.#filled + fits.length;
    blocks.write(this.#block, fits, this.#filled);
    this.#filled = end;
    this.#sent += fits.length;
    if (end === RUN_BYTES || line.wantedAfter(this.#sent) <= 0) this.#flush();
    if (fits.length < chunk.length) this.send(chunk.subarray(fits.length));
  }

  end(): void {
    this.#flush();
    this.#thread.post(TO_THREAD.bodyEnd, 0, this.#id, '');
  }

  /** What was gathered goes nowhere. */
  giveUp(): void {
    const { blocks, dropped } = this.#thread;
    // Those of a thread that ended were free with it, and may be another one's.
    if (this.#block !== NONE && !dropped) blocks.free(this.#block);
    this.#block = NONE;
  }

  #flush(): void {
    if (this.#block === NONE) return;
    const { blocks } = this.#thread;
    const bytes = blocks.view(this.#block, this.#filled);
    this.#thread.post(TO_THREAD.body, 0, this.#id, '', bytes, this.#block);
    this.#block = NONE;
    this.#filled = 0;
  }
}
