/** What Python calls in a thread of Pyodide (lib/python/py/wsgi_gateway/pyodide_channel.py). Only integers cross often. */
import { NONE } from '../../server/threads/shared/blocks.js';
import { Frame } from '../../server/threads/shared/ring.js';
import { TO_PYTHON } from '../messages.js';
import { BaseBridge, HEAD } from './base-bridge.js';
import { callOf, IN_BLOCK } from './frames.js';
import type { PyodidePost, PyodideReport } from './post.js';
import type { FileSystem, PyCallable, PyProxy } from './runtime.js';

// What `receive` and `#claim` give instead of a size.
const NOTHING = 0;
const INTERRUPTED = -1;
const CLOSED = -2;
/** The request comes in frames. */
const LONG = -3;

const NO_BYTES = new Uint8Array(0);

/** No method throws. */
export class Bridge extends BaseBridge {
  readonly #post: PyodidePost;
  /** Python cannot go on: ends the thread. */
  readonly #failed: (error: unknown) => never;
  readonly #frame = new Frame();
  /** That hold the bytes of the frame which was received last, and how many those are. */
  #block = NONE;
  #length = 0;
  /** Of the request that was claimed. */
  #size = LONG;

  /** @param note for what was imported from packages, if that is wanted. */
  constructor(
    post: PyodidePost,
    files: FileSystem,
    size: () => number,
    failed: (error: unknown) => never,
    note?: (modules: readonly string[]) => void,
  ) {
    super(post, files, size, note);
    this.#post = post;
    this.#failed = failed;
  }

  /** Puts the next frame into the memory, and gives its size; or one of the values above. */
  readonly receive = (wait: boolean): number => {
    const frame = this.#frame;
    const post = this.#post;
    const { line } = post;
    this.#letGo();
    let found = post.take(frame);
    if (!found && wait) {
      post.block(() => {
        found = post.take(frame);
        return found || line.isInterrupted;
      });
    }
    if (!found) return line.isInterrupted ? INTERRUPTED : NOTHING;
    if (frame.block !== NONE) {
      this.#block = frame.block;
      this.#length = frame.length;
      return this.put(frame.type, IN_BLOCK, frame.id, callOf(frame), NO_BYTES);
    }
    return this.put(frame.type, frame.flags, frame.id, callOf(frame), frame.bytes);
  };

  /** How many bytes the frame has that was received last, and that are in blocks. */
  readonly length = (): number => this.#length;

  /** Copies those into a buffer of Python. */
  readonly copy = (target: PyProxy): void => {
    const buffer = target.getBuffer('u8');
    this.#post.empty(this.#block, buffer.data, this.#length);
    this.#block = NONE;
    buffer.release();
  };

  /**
   * Sends a large frame, from a buffer of Python.
   * @param headLength bytes that go before it, and are in the memory.
   * @returns whether it could be sent so.
   */
  readonly sendLarge = (
    kind: number,
    more: boolean,
    request: number,
    call: number,
    headLength: number,
    bytes: PyProxy,
  ): boolean => {
    const buffer = bytes.getBuffer('u8');
    const head = this.look().subarray(HEAD, HEAD + headLength);
    this.sending(kind);
    const isSent = this.#post.sendLarge(kind, more, request, call, head, buffer.data);
    buffer.release();
    if (isSent) this.#post.ring();
    return isSent;
  };

  /** An exception has kept Python from copying them. */
  #letGo(): void {
    if (this.#block === NONE) return;
    this.#post.empty(this.#block, undefined, 0);
    this.#block = NONE;
  }

  /**
   * Has Python serve requests until it is to end. `serve` is called again for each: WebAssembly changes to its optimized code
   * only where a function is entered, and one that takes requests in a loop of Python's own would never be.
   * @param serve takes the size of the request in the memory, or LONG. Gives that of the last frame of the response, which is
   *   in the memory; 0 if that was sent.
   */
  readonly run = (serve: PyCallable): void => {
    const post = this.#post;
    try {
      for (let size = this.#claim(); size !== CLOSED; size = this.#claim()) {
        const last = serve(size) as number;
        if (last > 0) this.send(last);
        this.#letGo();
        post.finish();
      }
    } catch (error) {
      // Python above must not see it: it could go on.
      this.#failed(error);
    }
  };

  /** Waits for a request, and puts it into the memory: the kind, the number, the length of the text, the text, and what more there is. */
  #claim(): number {
    const post = this.#post;
    for (;;) {
      const seen = post.work;
      if (post.isOver) return CLOSED;
      // Too late for its request.
      if (post.line.isInterrupted) post.line.takeInterrupt();
      const number = post.claim(this.#copy);
      if (number !== 0) {
        if (this.#size !== LONG) this.look().writeUInt32BE(number, 4);
        return this.#size;
      }
      if (post.isStopping) return CLOSED;
      post.idle(seen);
    }
  }

  readonly #copy = (bytes: Buffer | undefined, textLength: number): void => {
    this.#size = LONG;
    if (bytes === undefined) return;
    const memory = this.look();
    memory[0] = TO_PYTHON.request;
    memory.writeUInt32BE(textLength, 8);
    memory.set(bytes, HEAD);
    this.#size = HEAD + bytes.length;
  };

  /** @returns whether it was interrupted. */
  readonly sleep = (milliseconds: number): boolean => {
    const { line } = this.#post;
    this.#post.block(() => line.isInterrupted, milliseconds);
    return line.isInterrupted;
  };

  /** The request that KeyboardInterrupt is for. */
  readonly interrupted = (): number => this.#post.line.takeInterrupt();

  /** @param report as JSON: whether the application has loaded, and with which Python. */
  readonly report = (report: string): void => this.#post.report(JSON.parse(report) as PyodideReport);

  /** It is given no other request. */
  protected override tired(): void {
    this.#post.leave();
  }
}
