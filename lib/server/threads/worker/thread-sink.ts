/** The sink of a thread: a response goes to the I/O thread in frames, and a handler that is ahead of it blocks. */
import type { Bytes } from '../../../environ/types.js';
import { ClientDisconnected } from '../../../errors.js';
import type { ResponseHead, Sink } from '../../../interpreter/sink.js';
import { encodeHead, FROM_THREAD, LAST } from '../shared/messages.js';
import { FRAME_LIMIT } from '../shared/ring.js';
import type { ThreadPost } from './thread-post.js';

export class ThreadSink implements Sink {
  /** The interpreter has finished with this response. */
  isDone = false;
  /** Called when it has, with what `done` is given. */
  onDone: ((rest: Promise<unknown> | undefined) => void) | undefined;
  /** Of an upgrade request. */
  websocket: { readonly opened: boolean; finish(): void } | undefined;
  readonly #post: ThreadPost;
  /** Waits for its first block, so that a small response is one frame. */
  #head: string | undefined;

  started = false;

  constructor(post: ThreadPost) {
    this.#post = post;
  }

  get hijacked(): boolean {
    return this.websocket?.opened === true;
  }

  head(head: ResponseHead): void {
    this.#head = encodeHead(head);
  }

  /** @throws ClientDisconnected */
  chunk(bytes: Bytes): undefined {
    this.pass();
    this.#sendHead();
    this.#post.sendBody(FROM_THREAD.chunk, 0, bytes);
    // There is no flush() in an asynchronous body: this goes out while the application waits for its next block.
    this.#post.notify();
    // It may have closed while this waited for room.
    this.pass();
  }

  /** @throws ClientDisconnected */
  pass(): undefined {
    if (this.#post.over) throw new ClientDisconnected();
  }

  flush(): void {
    this.#sendHead();
    this.#post.notify();
  }

  end(last?: Bytes): void {
    if (this.#head !== undefined && (last === undefined || last.length <= FRAME_LIMIT)) {
      this.#post.send(FROM_THREAD.response, 0, this.#takeHead(), last);
    } else if (this.#head !== undefined && last !== undefined && this.#post.sendLarge(this.#head, last)) {
      this.#head = undefined;
    } else {
      this.#sendHead();
      if (last !== undefined) this.#post.sendBody(FROM_THREAD.chunk, LAST, last);
      this.#post.send(FROM_THREAD.end);
    }
    this.#post.notify();
  }

  abort(): void {
    this.#sendHead();
    this.#post.send(FROM_THREAD.abort);
    this.#post.notify();
  }

  done(rest?: Promise<unknown>): void {
    this.isDone = true;
    this.#post.send(FROM_THREAD.done);
    this.#post.notify();
    this.onDone?.(rest);
  }

  #sendHead(): void {
    if (this.#head !== undefined) this.#post.send(FROM_THREAD.head, 0, this.#takeHead());
  }

  #takeHead(): string {
    const head = this.#head as string;
    this.#head = undefined;
    return head;
  }
}
