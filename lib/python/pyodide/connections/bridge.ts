/**
 * What Python calls in a thread with many handlers (lib/python/py/wsgi_gateway/pyodide_connections.py). One of them runs;
 * each of the others waits in a promise of its own, on the event loop of the thread.
 */
import { Frame } from '../../../server/threads/shared/ring.js';
import { TO_PYTHON } from '../../messages.js';
import { BaseBridge } from '../base-bridge.js';
import { callOf, MORE, OF_THREAD } from '../frames.js';
import type { FileSystem } from '../runtime.js';
import type { ThreadEnd } from '../thread-end.js';
import { INTERRUPT } from './frames.js';

/** Milliseconds that handlers which do not wait may have, one after the other, before those that waited go on. */
const SLICE_MS = 5;
/** The longest that a timer of Node takes. */
const LONGEST_MS = 2 ** 31 - 1;
/** What `take` gives where there is no frame. */
const NOTHING = 0;
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

export class ConnectionsBridge extends BaseBridge {
  readonly #end: ThreadEnd;
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
    end: ThreadEnd,
    files: FileSystem,
    size: () => number,
    note?: (modules: readonly string[]) => void,
  ) {
    super(end, files, size, note);
    this.#end = end;
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
    if (this.#end.line.isLeaving) this.wake(0);
  }

  /**
   * The number of the next request; 0: back to the event loop, for there is none, or other handlers have to go on.
   * Where none waits this blocks, and so costs no promise.
   * @param ended the request before it; 0: none.
   */
  readonly begin = (ended: number): number => {
    if (ended !== 0 && this.#inboxes.delete(ended)) this.#handlers--;
    this.#end.line.current = 0;
    this.#drain();
    if (this.#handlers === 0 && this.#queue.length === 0 && !this.#isAwaited) {
      this.#end.block(() => {
        this.#drain();
        return this.#queue.length > 0 || this.#end.line.isLeaving;
      });
    } else {
      this.#end.ring();
    }
    if (this.#queue.length === 0) return 0;
    if (this.#isAwaited || (this.#handlers > 0 && performance.now() > this.#sliceEnd)) {
      // The event loop comes back to these.
      this.#end.line.wake();
      return 0;
    }
    const request = this.#queue.shift() as number;
    this.#handlers++;
    this.#end.line.current = request;
    return request;
  };

  /** Puts the next frame for a handler into the memory, and gives its size; 0: there is none. */
  readonly take = (request: number): number => {
    const inbox = this.#inboxes.get(request);
    if (inbox === undefined) return NOTHING;
    if (inbox.pieces.length === 0) this.#drain();
    const piece = inbox.pieces.shift();
    if (piece !== undefined) return this.put(piece.kind, piece.flags, request, piece.call, piece.bytes);
    inbox.isFresh = false;
    return NOTHING;
  };

  /** Settles when the handler has something to look at, or when that time is over; below 0: never. */
  readonly pause = (request: number, milliseconds: number): Promise<void> => {
    this.#end.line.current = 0;
    this.#end.ring();
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
    this.#end.line.current = 0;
    this.#end.ring();
  };

  /** The server has no more requests. */
  readonly over = (): boolean => this.#end.line.isLeaving;

  /** The same where the stack cannot be switched, for JavaScript called Python: nobody else runs meanwhile. */
  readonly block = (request: number, milliseconds: number): void => {
    const inbox = this.#inboxes.get(request) as Inbox;
    this.#end.block(
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
    this.#end.line.current = request;
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

  protected override tired(): void {
    this.#end.send(OF_THREAD.tired, false, 0, 0, EMPTY);
  }

  /** Gives each handler what has come for it. */
  #drain(): void {
    const frame = this.#frame;
    while (this.#end.take(frame)) {
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
