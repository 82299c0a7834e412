/**
 * Where a response goes: the interface between the interpreter, which knows PEP 3333, and a transport, which does not.
 * Order of calls: `head` once, `chunk` any number of times, then `end` or `abort` once. `abort` may come at any time.
 */
import type { Bytes } from '../environ/types.js';

export interface ResponseHead {
  /** 200 to 999. */
  readonly status: number;
  /** May be empty. */
  readonly reason: string;
  /** Flat: name, value, name, value. Checked, in the application's order; the sink may append to it. */
  readonly headers: string[];
  /** The headers hold a Content-Length. Without it the transport frames the body as it can. */
  readonly hasLength: boolean;
  /** No byte of body follows: HEAD, 204, 205, 304. */
  readonly bodiless: boolean;
  /** The application named its own Server. */
  readonly hasServer: boolean;
  /** The connection is not fit for another request. */
  readonly close: boolean;
}

export interface Sink {
  /** Takes the head. May wait for the first chunk before it sends anything. */
  head(head: ResponseHead): void;
  /** Takes one non-empty block. Returns a promise if no more should come until it settles. */
  chunk(bytes: Bytes): Promise<void> | undefined;
  /**
   * The application gave an empty block, so there is nothing to send: others get their turn, and the client may have left
   * meanwhile. Returns a promise if no more should come until it settles.
   * @throws ClientDisconnected where only this shows that the client has left.
   */
  pass?(): Promise<void> | undefined;
  /**
   * Pushes out what `head` and `chunk` took, before the application goes on.
   * @param more it is asked for its next block at once. Default: false.
   */
  flush(more?: boolean): void;
  /** Its next block takes time, and nothing of those before may wait for it. */
  pause?(): void;
  /** The response is complete. `last` is its last block, if one is left. */
  end(last?: Bytes): void;
  /** The response cannot be completed: what was taken is sent, and the client can tell that it was cut short. */
  abort(): void;
  /**
   * The interpreter is done with this response: ended or aborted, and the application's iterable closed.
   * @param rest settles when the application, which goes on although nothing of it is waited for (its client left, its
   *   time was up), is done as well; never rejects. A stop waits for it.
   */
  done(rest?: Promise<unknown>): void;
  /**
   * True once the application took the connection for itself (it opened `wsgi.websocket`). What it then returns is
   * closed and ignored; of the methods above only `end` (it returned) or `abort` (it threw), and `done`, are called.
   */
  readonly hijacked: boolean;
  /** The application called start_response: its WebSocket cannot be opened any more. */
  started?: boolean;
}

/** A body gives way after as many blocks, however fast they are taken. */
const BLOCKS_PER_TURN = 64;

/** Counts the blocks of one response. */
export class Turns {
  #blocks = 0;

  /** @returns a promise for the next turn of the event loop, if it is time for it. */
  next(): Promise<void> | undefined {
    if (++this.#blocks < BLOCKS_PER_TURN) return undefined;
    this.#blocks = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
