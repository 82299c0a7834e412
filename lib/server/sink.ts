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
  /** Flat: name, value, name, value. Checked, in the application's order, with what the interpreter added. */
  readonly headers: string[];
  /** Bytes of body that will follow, when known. It then stands in `headers` as Content-Length, unless `bodiless`. */
  readonly length: number | undefined;
  /** No body byte follows: HEAD, 204, 205, 304. */
  readonly bodiless: boolean;
}

export interface Sink {
  /** Takes the head. May wait for the first chunk before it sends anything. */
  head(head: ResponseHead): void;
  /** Takes one non-empty block. Returns a promise if no more should come until it settles. */
  chunk(bytes: Bytes): Promise<void> | undefined;
  /** Pushes out what `head` and `chunk` took, before the application goes on. */
  flush(): void;
  /** The response is complete. `last` is its last block, if one is left. Returns a promise if the caller should wait. */
  end(last?: Bytes): Promise<void> | undefined;
  /** The response cannot be completed: the client must be able to tell that it was cut short. */
  abort(): void;
  /**
   * True once the application took the connection for itself (it opened `wsgi.websocket`). What it then returns is
   * closed and ignored, and none of the methods above are called but `end` (it returned) or `abort` (it threw).
   */
  readonly hijacked: boolean;
}
