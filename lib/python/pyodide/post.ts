/** The thread's side of the memory that it shares with the event loop: it takes requests from the queue, and has a ring each way. */
import { type MessagePort, threadId } from 'node:worker_threads';
import { RequestQueue } from '../../server/threads/shared/request-queue.js';
import type { Frame } from '../../server/threads/shared/ring.js';
import { RUNS, ThreadLine } from '../../server/threads/shared/thread-line.js';
import { MORE, OF_THREAD, textOf } from './frames.js';
import type { PyodideReport, PyodideThreadData } from './start.js';

/** Milliseconds that an idle thread sleeps before it looks around. */
const IDLE_MS = 10_000;

const NOTHING = new Uint8Array(0);

export class PyodidePost {
  readonly line: ThreadLine;
  readonly #queue: RequestQueue;
  readonly #port: MessagePort;
  readonly #limit: number;
  /** How many requests it has had since it asked for a successor. */
  #requests = 0;
  /** It begins nothing more. */
  #leaves = false;

  constructor({ line, queue, port, limit }: PyodideThreadData) {
    this.line = new ThreadLine(line);
    this.#queue = new RequestQueue(queue);
    this.#port = port;
    this.#limit = limit;
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

  ring(): void {
    this.#queue.bell.ring();
  }

  /** Blocks while there is no room. The event loop is told by `ring`. */
  send(kind: number, more: boolean, request: number, call: number, payload: Uint8Array): void {
    const push = () => this.line.outbound.push(kind, more ? MORE : 0, request, textOf(call), payload);
    if (push()) return;
    this.ring();
    this.line.block(RUNS, push);
  }

  /** The next frame to this thread, if it is there. */
  take(frame: Frame): boolean {
    const found = this.line.inbound.shift(frame);
    if (found && this.line.takeWantRoom()) this.ring();
    return found;
  }

  /** Blocks until `ready` gives true. @param timeout milliseconds. */
  block(ready: () => boolean, timeout?: number): void {
    this.ring();
    this.line.block(RUNS, ready, timeout);
  }

  /**
   * Takes the next request, without a wait: `idle` waits. A thread that has many handlers at a time claims as often as it likes, with `Atomics.waitAsync` (`RequestQueue.waitAsync`) in
   * the place of `idle`; what the line says of `current` is then that of the last.
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
    this.#queue.wait(seen, IDLE_MS);
  }
}
