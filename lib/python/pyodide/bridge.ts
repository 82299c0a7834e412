/** What Python calls in a thread of Pyodide (lib/python/py/wsgi_gateway/pyodide_channel.py). Only integers cross often. */
import { Frame } from '../../server/threads/shared/ring.js';
import { FROM_PYTHON, TO_PYTHON } from '../messages.js';
import { callOf, MORE } from './frames.js';
import { HostCalls } from './host-calls.js';
import type { PyodidePost } from './post.js';
import type { FileSystem, PyCallable, PyProxy } from './runtime.js';
import type { PyodideReport } from './start.js';

/** Kind, whether more follows, number of the request, number of the call. */
const HEAD = 12;

// What `receive` and `#claim` give instead of a size.
const NOTHING = 0;
const INTERRUPTED = -1;
const CLOSED = -2;
/** The request comes in frames. */
const LONG = -3;

/** An application that needs as much by itself may have twice that. */
const LARGE = 512 * 1024 * 1024;

const EMPTY = new Uint8Array(0);

/** Python sees its methods and nothing else. No method throws. */
export class Bridge extends HostCalls {
  readonly #post: PyodidePost;
  /** Bytes of Python's memory, which never shrinks. */
  readonly #memorySize: () => number;
  /** Python cannot go on: ends the thread. */
  readonly #failed: (error: unknown) => never;
  readonly #note: ((modules: readonly string[]) => void) | undefined;
  readonly #frame = new Frame();
  #memory: PyProxy | undefined;
  #buffer: ReturnType<PyProxy['getBuffer']> | undefined;
  #view: Buffer = Buffer.from(EMPTY);
  /** The thread is replaced when Python has more. */
  #most = 0;
  #isTired = false;
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
    super(files);
    this.#post = post;
    this.#memorySize = size;
    this.#failed = failed;
    this.#note = note;
  }

  /** The memory that frames are passed in: a bytearray that keeps its size. */
  readonly attach = (memory: PyProxy): void => {
    this.#memory = memory.copy();
  };

  /** Takes the frame of so many bytes that Python has put into the memory. */
  readonly send = (size: number): void => {
    const memory = this.#look();
    const kind = memory[0] as number;
    const isLast = kind === FROM_PYTHON.done || kind === FROM_PYTHON.whole;
    if (isLast) this.#tire();
    const payload = memory.subarray(HEAD, size);
    const more = memory[1] !== 0;
    this.#post.send(kind, more, memory.readUInt32BE(4), memory.readUInt32BE(8), payload);
    this.#post.ring();
  };

  /** Puts the next frame into the memory, and gives its size; or one of the values above. */
  readonly receive = (wait: boolean): number => {
    const frame = this.#frame;
    const post = this.#post;
    const { line } = post;
    let found = post.take(frame);
    if (!found && wait) {
      post.block(() => {
        found = post.take(frame);
        return found || line.isInterrupted;
      });
    }
    if (!found) return line.isInterrupted ? INTERRUPTED : NOTHING;
    const memory = this.#look();
    memory[0] = frame.type;
    memory[1] = frame.flags & MORE;
    memory.writeUInt32BE(frame.id >>> 0, 4);
    memory.writeUInt32BE(callOf(frame), 8);
    memory.set(frame.bytes, HEAD);
    return HEAD + frame.length;
  };

  /**
   * Has Python serve requests until it is to end. `serve` is called anew for each: WebAssembly changes to its optimized code
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
        if (this.#size !== LONG) this.#view.writeUInt32BE(number, 4);
        return this.#size;
      }
      if (post.isStopping) return CLOSED;
      post.idle(seen);
    }
  }

  readonly #copy = (bytes: Buffer | undefined, textLength: number): void => {
    this.#size = LONG;
    if (bytes === undefined) return;
    const memory = this.#look();
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

  /** The application is there. @returns whether `note` is to be called with what it has imported from packages. */
  readonly loaded = (): boolean => {
    this.#most = Math.max(LARGE, 2 * this.#memorySize());
    return this.#note !== undefined;
  };

  /** @param modules as JSON. */
  readonly note = (modules: string): void => this.#note?.(JSON.parse(modules) as string[]);

  /** Says so once, before the request is done that made it grow: it is given no other one. */
  #tire(): void {
    if (this.#isTired || this.#memorySize() <= this.#most) return;
    this.#isTired = true;
    this.#post.leave();
  }

  /** When the memory of WebAssembly grows, views of it are of no use any more. */
  #look(): Buffer {
    if (this.#view.length > 0) return this.#view;
    this.#buffer?.release();
    this.#buffer = this.#memory?.getBuffer('u8');
    const { buffer, byteOffset, byteLength } = this.#buffer?.data ?? EMPTY;
    this.#view = Buffer.from(buffer, byteOffset, byteLength);
    return this.#view;
  }
}
