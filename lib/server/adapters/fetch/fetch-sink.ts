/** A response as a `Response` of the Fetch standard: its body is pulled as it is read. */
import { ignore } from '../../../environ/maybe-promise.js';
import type { Bytes } from '../../../environ/types.js';
import { ApplicationError, type ClientDisconnected } from '../../../errors.js';
import { errorResponse } from '../../../interpreter/error-response.js';
import { type ResponseHead, type Sink, Turns } from '../../../interpreter/sink.js';
import { inOwnMemory } from '../../threads/shared/blocks.js';

/** Bytes that may wait for the reader before the application does. */
const WAITING = 16 * 1024;

/** nginx's "client closed request": no client will read it. */
const CLIENT_LEFT = 499;

export interface FetchSinkOwner {
  /** The reader cancelled the body. */
  cancelled(): void;
  /** See `Sink.done`. */
  done(): void;
}

export class FetchSink implements Sink {
  /** Settles with the first byte of the body, or its end; never rejects. */
  readonly response: Promise<Response>;
  readonly hijacked = false;
  readonly #owner: FetchSinkOwner;
  readonly #ident: string;
  #respond: (response: Response) => void = ignore;
  #responded = false;
  #head: ResponseHead | undefined;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #failure: ApplicationError | undefined;
  readonly #turns = new Turns();
  /** The application waits for this to be called. */
  #goOn: (() => void) | undefined;
  /** Of blocks that wait for the reader: called when it takes more. */
  readonly #onTaken: (() => void)[] = [];

  /** @param ident value of the Server header; `''` for none. */
  constructor(owner: FetchSinkOwner, ident: string) {
    this.#owner = owner;
    this.#ident = ident;
    this.response = new Promise((resolve) => {
      this.#respond = resolve;
    });
  }

  head(head: ResponseHead): void {
    if (head.status > 599) throw notShown(head.status);
    if (!head.hasServer && this.#ident !== '') head.headers.push('Server', this.#ident);
    this.#head = head;
  }

  chunk(bytes: Bytes): Promise<void> | undefined {
    const stream = this.#open();
    // A copy: the application may fill the same bytes again.
    stream.enqueue(Buffer.from(bytes));
    if ((stream.desiredSize ?? 0) > 0) return this.#turns.next();
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  /** Takes a block of a thread, which bounds by itself what waits. @param taken called when the reader wants more. */
  relay(bytes: Bytes, taken: () => void): void {
    const stream = this.#open();
    // A copy: its memory is used again.
    stream.enqueue(Buffer.from(bytes));
    if ((stream.desiredSize ?? 0) > 0) taken();
    else this.#onTaken.push(taken);
  }

  /** A Response has no interim ones. */
  sendHints(): void {}

  pass(): Promise<void> | undefined {
    return this.#turns.next();
  }

  flush(): void {
    this.#open();
  }

  end(last?: Bytes): void {
    const stream = this.#stream;
    if (stream === undefined) this.#settle(last === undefined ? null : inOwnMemory(last));
    else {
      if (last !== undefined) stream.enqueue(Buffer.from(last));
      stream.close();
    }
  }

  /** The body must not look complete: reading it fails, after what was taken. */
  abort(): void {
    if (this.#head === undefined) {
      this.#settle(null);
      return;
    }
    this.#open();
    this.#failure = new ApplicationError('The response was cut short: see the log of the server');
    this.#onPull();
  }

  done(): void {
    if (!this.#responded) this.#answer(new Response(null, { status: CLIENT_LEFT }));
    this.#owner.done();
  }

  /**
   * The client has left: a reader gets an error, and what waits for the reader goes on, to its end. A server that
   * stops reading by itself may do so first: to it, the failure of a body is an error to be logged.
   */
  disconnect(error: ClientDisconnected): void {
    queueMicrotask(() => this.#stream?.error(error));
    this.#goOn?.();
  }

  #open(): ReadableStreamDefaultController<Uint8Array> {
    if (this.#stream !== undefined) return this.#stream;
    if (this.#head === undefined) throw new ApplicationError('The response has no head that can be shown');
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = controller;
        },
        pull: () => this.#onPull(),
        cancel: () => this.#owner.cancelled(),
      },
      { highWaterMark: WAITING, size: (chunk) => chunk.byteLength },
    );
    this.#stream = stream as unknown as ReadableStreamDefaultController<Uint8Array>;
    this.#settle(body);
    return this.#stream;
  }

  /** `error()` throws away what waits for the reader, and servers then what waits for the kernel. */
  #onPull(): void {
    const stream = this.#stream;
    for (const taken of this.#onTaken.splice(0)) taken();
    if (this.#failure === undefined) this.#goOn?.();
    else if (stream?.desiredSize === WAITING) setImmediate(() => stream.error(this.#failure));
  }

  #settle(body: ReadableStream<Uint8Array> | Bytes | null): void {
    if (this.#head === undefined) {
      const error = errorResponse(undefined, false);
      this.#answer(makeResponse(error.head, error.body));
    } else this.#answer(makeResponse(this.#head, this.#head.bodiless ? null : body));
  }

  #answer(response: Response): void {
    this.#responded = true;
    this.#respond(response);
  }
}

type ResponseBody = ConstructorParameters<typeof Response>[0];

function makeResponse(head: ResponseHead, body: ReadableStream<Uint8Array> | Bytes | null): Response {
  const headers = new Headers();
  for (let i = 0; i < head.headers.length; i += 2) {
    headers.append(head.headers[i] as string, head.headers[i + 1] as string);
  }
  return new Response(body as ResponseBody, { status: head.status, statusText: head.reason, headers });
}

function notShown(status: number): ApplicationError {
  return new ApplicationError(`The status ${status} cannot be shown by a fetch Response, which goes to 599`);
}
