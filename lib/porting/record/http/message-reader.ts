/** One direction of a connection: splits the bytes that come into heads, bodies and what is not HTTP any more. */
import { BodyReader, type Framing } from './body-reader.js';
import { type Field, type Head, HeadCollector, parseHead, Unreadable } from './head.js';

/** What follows a head: a body, the next head (after a 1xx), a tunnel, or what the answer to it decides. */
export type Next = Framing | 'head' | 'tunnel' | 'wait';

/** Gets all bytes, in their order, and passes them on. */
export interface MessageListener {
  onhead(head: Head): Next;
  /** Content of a body, without its coding. */
  oncontent(piece: Buffer): void;
  /** The bytes of a body as they came: what has just been given as content. */
  onbytes(bytes: Buffer): void;
  onend(trailers: readonly Field[]): void;
  /** After the upgrade. */
  ontunnel(bytes: Buffer): void;
  /** From here on bytes are passed on unread. */
  onunreadable(error: Unreadable, bytes: Buffer): void;
  /** A head that the connection's end has cut. */
  onpartial(bytes: Buffer): void;
}

type State = 'head' | 'body' | 'wait' | 'tunnel';

export class MessageReader {
  readonly #listener: MessageListener;
  readonly #collector = new HeadCollector();
  #state: State = 'head';
  #body: BodyReader | undefined;
  /** What came with the head whose answer is awaited. */
  #held: Buffer[] = [];
  /** A head that is looked at, and what follows it in its block: passed on if it cannot be read. */
  #unread: Buffer[] = [];

  constructor(listener: MessageListener) {
    this.#listener = listener;
  }

  /** Nothing of a message has come yet. */
  get isBetween(): boolean {
    return this.#state === 'head';
  }

  push(block: Buffer): void {
    let rest = block;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(this.#take(rest));
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        const unread = this.#state === 'head' ? Buffer.concat(this.#unread) : rest;
        this.#state = 'tunnel';
        this.#listener.onunreadable(error, unread);
        return;
      }
    }
  }

  /** The answer says what the bytes are that were held back. */
  resume(next: 'head' | 'tunnel'): void {
    // After an upgrade with a body nothing waits.
    if (this.#state !== 'wait' && !(this.#state === 'head' && next === 'tunnel')) return;
    this.#state = next;
    const held = Buffer.concat([this.#collector.take(), ...this.#held.splice(0)]);
    if (held.length > 0) this.push(held);
  }

  /** The connection has ended: true if no message is cut by that. */
  end(): boolean {
    if (this.#state === 'body' && this.#body?.end()) this.#finish();
    const partial = this.#collector.take();
    if (partial.length > 0) this.#listener.onpartial(partial);
    return this.#state !== 'body' && partial.length === 0;
  }

  #take(block: Buffer): number {
    if (this.#state === 'tunnel') this.#listener.ontunnel(block);
    else if (this.#state === 'wait') this.#held.push(Buffer.from(block));
    else if (this.#state === 'head') return this.#takeHead(block);
    else return this.#takeBody(block);
    return block.length;
  }

  #takeHead(block: Buffer): number {
    const found = this.#collectHead(block);
    if (found === undefined) return block.length;
    this.#unread = [found.raw, block.subarray(found.used)];
    const next = this.#listener.onhead(parseHead(found.raw));
    this.#unread = [];
    if (typeof next === 'string') this.#state = next;
    else {
      this.#state = 'body';
      this.#body = new BodyReader(next, (piece) => this.#listener.oncontent(piece));
      if (this.#body.done) this.#finish();
    }
    return found.used;
  }

  #collectHead(block: Buffer): { readonly raw: Buffer; readonly used: number } | undefined {
    try {
      return this.#collector.push(block);
    } catch (error) {
      this.#unread = [this.#collector.take()];
      throw error;
    }
  }

  #takeBody(block: Buffer): number {
    const used = this.#body?.push(block) ?? 0;
    if (used > 0) this.#listener.onbytes(block.subarray(0, used));
    if (this.#body?.done) this.#finish();
    return used;
  }

  #finish(): void {
    const trailers = this.#body?.trailers ?? [];
    this.#body = undefined;
    this.#state = 'head';
    this.#listener.onend(trailers);
  }
}
