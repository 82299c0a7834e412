/**
 * What Python calls in a thread with many handlers (lib/python/py/wsgi_gateway/pyodide_connections.py). One of them runs;
 * each of the others waits in a promise of its own, on the event loop of the thread.
 */
import { Frame } from '../../../server/threads/shared/ring.js';
import { FROM_PYTHON, TO_PYTHON } from '../../messages.js';
import { HostCalls } from '../host-calls.js';
import type { FileSystem, PyProxy } from '../runtime.js';
import { INTERRUPT } from './frames.js';
import { callOf, MORE, OF_THREAD, type PyodideLine } from './line.js';

/** Milliseconds that handlers which do not wait may have, one after the other, before those that waited go on. */
const SLICE_MS = 5;
/** The longest that a timer of Node takes. */
const LONGEST_MS = 2 ** 31 - 1;
/** What `take` gives where there is no frame. */
const NOTHING = 0;
/** Of a frame: kind, whether more follows, number of the request, number of the call. */
const HEAD = 12;
/** An application that needs as much by itself may have twice that. */
const LARGE = 512 * 1024 * 1024;

const EMPTY = new Uint8Array(0);

interface Piece {
  readonly kind: number;
  readonly flags: number;
  readonly call: number;
  readonly bytes: Buffer;
}

/** What has come for a handler. */
class Inbox {
  readonly pieces: Piece[] = [];
  /** KeyboardInterrupt is to be raised in it. */
  isInterrupted = false;
  /** Something has come since it last looked. */
  isFresh = false;
  /** Ends its wait. */
  go: (() => void) | undefined;
}

export class ConnectionsBridge extends HostCalls {
  readonly #line: PyodideLine;
  /** Bytes of Python's memory, which never shrinks. */
  readonly #size: () => number;
  readonly #note: ((modules: readonly string[]) => void) | undefined;
  #memory: PyProxy | undefined;
  #buffer: ReturnType<PyProxy['getBuffer']> | undefined;
  #view: Buffer = Buffer.from(EMPTY);
  /** The thread is replaced when Python has more. */
  #most = 0;
  #isTired = false;
  readonly #frame = new Frame();
  /** By the number of the request; 0 is what has loaded the application, which waits for the end. */
  readonly #inboxes = new Map([[0, new Inbox()]]);
  /** Requests that no handler has begun with. */
  readonly #queue: number[] = [];
  /** Handlers that have begun and not ended. */
  #handlers = 0;
  /** A handler has something to go on with, and needs the event loop for it. */
  #isAwaited = false;
  #sliceEnd = 0;

  /** @param note for what was imported from packages, if that is wanted. */
  constructor(
    line: PyodideLine,
    files: FileSystem,
    size: () => number,
    note?: (modules: readonly string[]) => void,
  ) {
    super(files);
    this.#line = line;
    this.#size = size;
    this.#note = note;
  }

  /** There are requests to begin with. */
  get hasRequests(): boolean {
    this.#drain();
    return this.#queue.length > 0;
  }

  /** The event loop has turned. */
  turned(): void {
    this.#isAwaited = false;
    this.#sliceEnd = performance.now() + SLICE_MS;
    if (this.#line.isClosed) this.wake(0);
  }

  /**
   * The number of the next request; 0: back to the event loop, for there is none, or other handlers have to go on.
   * Where none waits this blocks, and so costs no promise.
   * @param ended the request before it; 0: none.
   */
  readonly begin = (ended: number): number => {
    if (ended !== 0 && this.#inboxes.delete(ended)) this.#handlers--;
    this.#line.running = 0;
    this.#drain();
    if (this.#handlers === 0 && this.#queue.length === 0 && !this.#isAwaited) {
      this.#line.block(() => {
        this.#drain();
        return this.#queue.length > 0 || this.#line.isClosed;
      });
    } else {
      this.#line.bell.ring();
    }
    if (this.#queue.length === 0) return 0;
    if (this.#isAwaited || (this.#handlers > 0 && performance.now() > this.#sliceEnd)) {
      // The event loop comes back to these.
      this.#line.wake();
      return 0;
    }
    const request = this.#queue.shift() as number;
    this.#handlers++;
    this.#line.running = request;
    return request;
  };

  /** Puts the next frame for a handler into the memory, and gives its size; 0: there is none. */
  readonly take = (request: number): number => {
    const inbox = this.#inboxes.get(request);
    if (inbox === undefined) return NOTHING;
    if (inbox.pieces.length === 0) this.#drain();
    const piece = inbox.pieces.shift();
    if (piece !== undefined) return this.#put(piece.kind, piece.flags, request, piece.call, piece.bytes);
    inbox.isFresh = false;
    return NOTHING;
  };

  /** Settles when the handler has something to look at, or when that time is over; below 0: never. */
  readonly pause = (request: number, milliseconds: number): Promise<void> => {
    this.#line.running = 0;
    this.#line.bell.ring();
    const inbox = this.#inboxes.get(request) as Inbox;
    return new Promise((resolve) => {
      if (inbox.isFresh) {
        inbox.isFresh = false;
        resolve();
        return;
      }
      const go = () => {
        clearTimeout(timer);
        inbox.go = undefined;
        resolve();
      };
      const timer = milliseconds < 0 ? undefined : setTimeout(go, Math.min(milliseconds, LONGEST_MS));
      inbox.go = go;
    });
  };

  /** The handler waits for something else than this. */
  readonly left = (): void => {
    this.#line.running = 0;
    this.#line.bell.ring();
  };

  /** The server has no more requests. */
  readonly over = (): boolean => this.#line.isClosed;

  /** The same where the stack cannot be switched, for JavaScript called Python: nobody else runs meanwhile. */
  readonly block = (request: number, milliseconds: number): void => {
    const inbox = this.#inboxes.get(request) as Inbox;
    this.#line.block(
      () => {
        this.#drain();
        return inbox.isFresh;
      },
      milliseconds < 0 ? undefined : milliseconds,
    );
    inbox.isFresh = false;
  };

  /** The handler goes on. @returns whether KeyboardInterrupt is to be raised in it. */
  readonly resumed = (request: number): boolean => {
    this.#line.running = request;
    return this.interruptedIn(request);
  };

  readonly interruptedIn = (request: number): boolean => {
    this.#drain();
    const inbox = this.#inboxes.get(request);
    if (inbox?.isInterrupted !== true) return false;
    inbox.isInterrupted = false;
    return true;
  };

  /** A handler has something to look at. */
  readonly wake = (request: number): void => {
    const inbox = this.#inboxes.get(request);
    if (inbox === undefined) return;
    if (inbox.go === undefined) {
      inbox.isFresh = true;
      return;
    }
    this.#isAwaited = true;
    inbox.go();
  };

  /** The memory that frames are passed in: a bytearray that keeps its size. */
  readonly attach = (memory: PyProxy): void => {
    this.#memory = memory.copy();
  };

  /** Takes the frame of so many bytes that Python has put into the memory. The bell is rung when Python has no more. */
  readonly send = (size: number): void => {
    const memory = this.#look();
    const kind = memory[0] as number;
    if (kind === FROM_PYTHON.done || kind === FROM_PYTHON.whole) this.#tire();
    const payload = memory.subarray(HEAD, size);
    const more = memory[1] !== 0;
    this.#line.send(kind, more, memory.readUInt32BE(4), memory.readUInt32BE(8), payload);
    this.#line.bell.ring();
  };

  /** The application is there. @returns whether `note` is to be called with what it has imported from packages. */
  readonly loaded = (): boolean => {
    this.#most = Math.max(LARGE, 2 * this.#size());
    return this.#note !== undefined;
  };

  /** @param modules as JSON. */
  readonly note = (modules: string): void => this.#note?.(JSON.parse(modules) as string[]);

  /** @returns the size of the frame that is in the memory now. */
  #put(kind: number, flags: number, request: number, call: number, bytes: Uint8Array): number {
    const memory = this.#look();
    memory[0] = kind;
    memory[1] = flags & MORE;
    memory.writeUInt32BE(request >>> 0, 4);
    memory.writeUInt32BE(call, 8);
    memory.set(bytes, HEAD);
    return HEAD + bytes.length;
  }

  /** Says so once, before the request is done that made it grow. */
  #tire(): void {
    if (this.#isTired || this.#size() <= this.#most) return;
    this.#isTired = true;
    this.#line.send(OF_THREAD.tired, false, 0, 0, EMPTY);
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

  /** Gives each handler what has come for it. */
  #drain(): void {
    const frame = this.#frame;
    while (this.#line.take(frame)) {
      const { type: kind, flags, id, bytes } = frame;
      if (kind === TO_PYTHON.request && !this.#inboxes.has(id)) this.#inboxes.set(id, new Inbox());
      const inbox = this.#inboxes.get(id);
      // It has ended.
      if (inbox === undefined) continue;
      if (kind === INTERRUPT) inbox.isInterrupted = true;
      else inbox.pieces.push({ kind, flags, call: callOf(frame), bytes });
      if (kind !== TO_PYTHON.request) this.wake(id);
      else if ((flags & MORE) === 0) this.#queue.push(id);
    }
  }
}
