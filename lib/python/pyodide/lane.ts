/** One request of the pool of threads whose handler is in Python: its frames, to the thread that took it and from there. */
import type { RequestScope } from '../../current-request.js';
import type { Environ } from '../../environ/types.js';
import { ClientDisconnected, isRequestError, ServerBusy } from '../../errors.js';
import { logger } from '../../logger.js';
import type { PoolRequest, ThreadPool } from '../../server/threads/io/pool.js';
import type { PooledThread } from '../../server/threads/io/pooled-thread.js';
import { NONE } from '../../server/threads/shared/blocks.js';
import { type Frame, inPieces } from '../../server/threads/shared/ring.js';
import { lostError } from '../error.js';
import type { Lane, LaneWork } from '../lane.js';
import { TO_PYTHON } from '../messages.js';
import { nameForLog } from '../request-log.js';
import { requestMessage, requestParts } from '../request-message.js';
import { callOf, LARGE, LARGEST, MORE, OF_THREAD, Pieces, textOf } from './frames.js';

/** Milliseconds that a handler has after KeyboardInterrupt. */
const GRACE_MS = 2000;

/** How many requests there are, so that Node runs on for them. */
export interface Count {
  add(): void;
  delete(): void;
}

export class PyodideLane implements Lane, PoolRequest {
  id = 0;
  slot = -1;
  readonly flags = 0;
  whole: Buffer | undefined;
  readonly server = undefined;
  readonly websocket = undefined;
  readonly received = Date.now();
  readonly #pool: ThreadPool;
  readonly #scope: RequestScope | undefined;
  readonly #count: Count;
  readonly #pieces = new Pieces();
  #environ: Environ | undefined;
  #text = '';
  #work: LaneWork | undefined;
  /** The thread that has it, once that has said something. */
  #thread: PooledThread | undefined;

  constructor(pool: ThreadPool, scope: RequestScope | undefined, count: Count) {
    this.#pool = pool;
    this.#scope = scope;
    this.#count = count;
  }

  // Lane

  begin(work: LaneWork, environ: Environ): void {
    const { text, more } = requestParts(environ);
    this.#environ = environ;
    this.#text = text;
    if (more !== '') this.whole = Buffer.from(more);
    if (!this.#pool.submit(this)) throw new ServerBusy();
    this.#work = work;
    this.#count.add();
    this.#scope?.whenOver(() => this.#leave());
  }

  /** Descriptors of all threads are those of this process. */
  pathOf(descriptor: number): string | undefined {
    return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : undefined;
  }

  send(kind: number, call: number, payload: Uint8Array): void {
    const thread = this.#thread ?? this.#pool.threadOf(this);
    if (thread === undefined || thread.dropped) return;
    if (payload.length > LARGE && payload.length <= LARGEST) {
      // They are the thread's, so that they are free when it ends.
      const block = thread.blocks.fill(thread.id, payload);
      if (block !== NONE) {
        thread.post(kind, 0, this.id, textOf(call), payload, block);
        return;
      }
    }
    inPieces(payload, (piece, more) => thread.post(kind, more ? MORE : 0, this.id, textOf(call), piece));
  }

  /** No thread has anything to do for it. */
  done(): void {
    this.#pool.done(this);
    this.#forget();
  }

  // PoolRequest

  encode(): string {
    return this.#text;
  }

  /** Its client left before a thread had it. */
  get over(): boolean {
    return this.#thread === undefined && this.#scope?.isOver === true;
  }

  /** Its own client is what Python waits for: no time-out runs. */
  get isConversation(): boolean {
    return this.#work?.waitsForClient === true;
  }

  take(frame: Frame, thread: PooledThread): void {
    this.#thread = thread;
    if (frame.block !== NONE) {
      // They may be kept: the blocks are free at once.
      frame.bytes = thread.blocks.read(frame.block, frame.length);
      thread.blocks.free(frame.block);
    }
    const payload = this.#pieces.add(frame);
    if (payload === undefined) return;
    if (frame.type === OF_THREAD.fetch) this.#sendEnviron();
    else this.#work?.frame(frame.type, callOf(frame), payload);
  }

  /** Nothing waits to be pushed out. */
  flush(): void {}

  /** KeyboardInterrupt is raised in it. */
  interrupt(why: string): number {
    this.#work?.overdue(why);
    this.#pool.threadOf(this)?.line.interrupt(this.id);
    return GRACE_MS;
  }

  fail(error: unknown): void {
    const work = this.#work;
    this.#forget();
    const { message } = error as Error;
    const isTold = work?.lost(isRequestError(error) ? error : lostError(message));
    if (isTold === false) logger.error(this.describe(message));
  }

  describe(message: string): string {
    return this.#environ === undefined ? message : `${nameForLog(this.#environ)}: ${message}`;
  }

  #sendEnviron(): void {
    if (this.#environ !== undefined) this.send(TO_PYTHON.request, 0, requestMessage(this.#environ));
  }

  #leave(): void {
    if (this.#work === undefined || this.#thread !== undefined || !this.#pool.withdraw(this)) return;
    this.fail(new ClientDisconnected());
  }

  #forget(): void {
    if (this.#work === undefined) return;
    this.#work = undefined;
    this.#count.delete();
  }
}
