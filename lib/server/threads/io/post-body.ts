/** Sends the body of a request to the thread that reads it: as it comes, or in one go where the thread waits for much. */
import { giveBack, hasAllOfItsMemory } from '../../http/freed-memory.js';
import { encodeError, TO_THREAD } from '../shared/messages.js';
import { inPieces } from '../shared/ring.js';
import type { PooledThread } from './pooled-thread.js';

/** Fewer bytes go through the ring. */
const LARGE = 128 * 1024;

/** Bytes that are joined at once: all other clients wait meanwhile. */
const MOST_JOINED = 4 * 1024 * 1024;

/** Where the bytes come from. */
export interface PostedBody {
  /** @param size bytes that are waited for: it may give as many at once. Default: 1. @returns null at the end. */
  pull(size?: number): Promise<Buffer | null>;
  /** Nobody else uses the memory of what `pull` gave last, if that has all of it. Default: somebody may. */
  readonly gaveOwn?: boolean;
}

/**
 * Sends a request body, from the first read on. It flows into the ring, and waits while that is full: a question and an
 * answer for each block would cost two more switches between threads.
 * @param isOver says whether its request is.
 */
export async function postBody(
  thread: PooledThread,
  body: PostedBody,
  id: number,
  isOver: () => boolean,
): Promise<void> {
  const post = new BodyPost(thread, id);
  try {
    for (;;) {
      const chunk = await body.pull(post.missing);
      if (isOver() || thread.dropped) break;
      if (chunk === null) {
        post.end();
        break;
      }
      const isOwn = body.gaveOwn === true;
      const isCopied = post.send(chunk, isOwn);
      // Before, it may wait for room.
      await thread.room();
      if (isCopied && isOwn) giveBack([chunk]);
    }
  } catch (error) {
    if (!isOver()) thread.post(TO_THREAD.error, 0, id, '', encodeError(error));
  }
}

/** A thread that waits for many bytes is woken once, when all of them are there, and gets them with their memory. */
class BodyPost {
  readonly #thread: PooledThread;
  readonly #id: number;
  /** Bytes that were sent. */
  #sent = 0;
  /** What waits for more, its bytes, and how many they are to be. */
  #gathered: Buffer[] = [];
  #length = 0;
  #goal = 0;

  constructor(thread: PooledThread, id: number) {
    this.#thread = thread;
    this.#id = id;
  }

  /** Bytes to wait for. */
  get missing(): number {
    const wanted = this.#wanted;
    return wanted < LARGE ? 1 : wanted - this.#length;
  }

  /** Bytes that the thread waits for beyond those that were sent. While it has not read these, the ring bounds what waits. */
  get #wanted(): number {
    if (this.#length > 0) return this.#goal;
    const { line } = this.#thread;
    return line.inbound.isEmpty ? Math.min(line.wantedAfter(this.#sent), MOST_JOINED) : 0;
  }

  /**
   * @param isOwn nobody else has the memory of the chunk.
   * @returns whether it is not needed any more once there is room.
   */
  send(chunk: Buffer, isOwn: boolean): boolean {
    const wanted = this.#wanted;
    if (wanted < LARGE) {
      this.#write(chunk);
      return true;
    }
    if (isOwn && this.#length === 0 && isMovable(chunk)) {
      this.#move(chunk);
    } else {
      this.#goal = wanted;
      const fits = chunk.subarray(0, wanted - this.#length);
      this.#gathered.push(fits);
      this.#length += fits.length;
      if (this.#length === wanted) this.#flush();
      if (fits.length < chunk.length) this.send(chunk.subarray(fits.length), false);
    }
    return false;
  }

  end(): void {
    if (this.#length > 0) this.#flush();
    this.#thread.post(TO_THREAD.bodyEnd, 0, this.#id, '');
  }

  /** A copy of what was gathered: its memory may be somebody else's. */
  #flush(): void {
    const joined = Buffer.concat(this.#gathered, this.#length);
    this.#gathered = [];
    this.#length = 0;
    if (isMovable(joined)) this.#move(joined);
    else this.#write(joined);
  }

  #move(bytes: Buffer): void {
    this.#sent += bytes.length;
    this.#thread.move(this.#id, bytes);
  }

  #write(bytes: Buffer): void {
    this.#sent += bytes.length;
    inPieces(bytes, (piece) => this.#thread.post(TO_THREAD.body, 0, this.#id, '', piece));
  }
}

/** It is large enough, and shares no memory with other buffers. */
function isMovable(bytes: Buffer): boolean {
  return bytes.length >= LARGE && hasAllOfItsMemory(bytes);
}
