/** The thread's side of the memory that it shares with the event loop: it takes requests from the queue, and has a ring each way. */
import { type MessagePort, threadId } from 'node:worker_threads';
import type { OwnMemory, SharedMemory } from '../../server/threads/io/thread-kind.js';
import { BLOCK_BYTES, Blocks, NONE } from '../../server/threads/shared/blocks.js';
import { RequestQueue } from '../../server/threads/shared/request-queue.js';
import type { ThreadReport } from '../../server/threads/shared/thread-data.js';
import { RUNS, ThreadLine } from '../../server/threads/shared/thread-line.js';
import type { Loaded } from '../instance.js';
import { LARGEST, MORE, OF_THREAD, textOf } from './frames.js';
import { ThreadEnd } from './thread-end.js';

/** Milliseconds that an idle thread sleeps before it looks around. */
const IDLE_MS = 10_000;

const NOTHING = new Uint8Array(0);

export type PyodideReport =
  | Exclude<ThreadReport, { readonly ready: true }>
  | { readonly ready: true; readonly loaded: Omit<Loaded, 'implementation'> };

/** What it shares with the event loop. */
export interface PostData extends OwnMemory, Pick<SharedMemory, 'queue' | 'blocks'> {
  /** For `PyodideReport`. */
  readonly port: MessagePort;
  /** Requests after which another thread takes its place; 0: never. */
  readonly limit: number;
}

export class PyodidePost extends ThreadEnd {
  readonly #queue: RequestQueue;
  readonly #blocks: Blocks;
  readonly #port: MessagePort;
  readonly #limit: number;
  readonly #place: number;
  /** How many requests it has had since it asked for a successor. */
  #requests = 0;
  /** It begins nothing more. */
  #leaves = false;

  constructor({ line, place, queue, blocks, port, limit }: PostData) {
    const requests = new RequestQueue(queue);
    super(new ThreadLine(line), requests.bell);
    this.#queue = requests;
    this.#blocks = new Blocks(blocks);
    this.#port = port;
    this.#limit = limit;
    this.#place = place;
  }

  report(report: PyodideReport): void {
    this.#port.postMessage(report);
  }

  /** It ends once it has no request, and another one takes its place at once. */
  leave(): void {
    if (this.#leaves) return;
    this.#leaves = true;
    this.report({ leaves: true });
  }

  /**
   * Sends a large frame through blocks of shared memory. The event loop is told by `ring`.
   * @param head bytes before the others.
   * @returns false, and nothing is sent, if not enough blocks are free.
   */
  sendLarge(
    kind: number,
    more: boolean,
    request: number,
    call: number,
    head: Uint8Array,
    bytes: Uint8Array,
  ): boolean {
    const { line } = this;
    const blocks = this.#blocks;
    const size = head.length + bytes.length;
    if (size > LARGEST) return false;
    const block = blocks.take(threadId, Math.ceil(size / BLOCK_BYTES));
    if (block === NONE) return false;
    if (head.length > 0) blocks.write(block, head);
    blocks.write(block, bytes, head.length);
    const whole = blocks.view(block, size);
    const push = () => line.outbound.push(kind, more ? MORE : 0, request, textOf(call), whole, block);
    if (!push()) {
      this.ring();
      line.blockForRoom(RUNS, push);
    }
    return true;
  }

  /** Copies what came in blocks, which are free then. @param target undefined: nobody wants it. */
  empty(block: number, target: Uint8Array | undefined, length: number): void {
    // Between shared and private memory this is faster than `set`.
    if (target !== undefined) {
      const { buffer, byteOffset } = target;
      Buffer.from(buffer, byteOffset, length).fill(this.#blocks.view(block, length));
    }
    this.#blocks.free(block);
  }

  /**
   * Takes the next request, without a wait: `idle` waits.
   * @param copy takes the text and the JSON of the request, which are one piece; undefined: `fetch` asked for them.
   * @returns its number; 0 if there is none.
   */
  claim(copy: (bytes: Buffer | undefined, textLength: number) => void): number {
    const { line } = this;
    let number = 0;
    let isLong = false;
    this.#queue.claimBytes(threadId, (id, bytes, textLength) => {
      line.current = number = id;
      line.waitWhileRetired();
      isLong = bytes === undefined;
      copy(bytes, textLength);
    });
    if (number === 0) return 0;
    if (this.#limit > 0 && ++this.#requests === this.#limit) {
      this.#requests = 0;
      this.report({ spent: true });
    }
    if (isLong) {
      this.send(OF_THREAD.fetch, false, number, 0, NOTHING);
      this.ring();
    }
    return number;
  }

  finish(): void {
    this.line.current = 0;
  }

  /** To be read before `claim`, for `idle`. */
  get work(): number {
    return this.#queue.work;
  }

  /** It is to end: now, if it has no request. */
  get isOver(): boolean {
    return this.#leaves || this.line.isLeaving;
  }

  get isStopping(): boolean {
    return this.#queue.stopping;
  }

  /** Sleeps until there is a request, or anything else to look at. */
  idle(seen: number): void {
    this.#queue.wait(this.#place, seen, IDLE_MS);
  }
}
