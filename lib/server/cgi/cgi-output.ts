/** Standard output, of which a CGI script may write nothing but its response. */
import type { Writable } from 'node:stream';
import { ignore } from '../../environ/maybe-promise.js';
import { writeNow } from './standard-streams.js';

export class CgiOutput {
  readonly #stream: Writable;
  readonly #write: Writable['write'];
  readonly #blocking: boolean;
  #closed = false;
  /** Until the web server has taken what waits. */
  #draining: Promise<void> | undefined;
  #onDrain: (() => void) | undefined;
  #onClosed: () => void = ignore;

  /** @param blocking a write to the stream, which is standard output, waits until the kernel has the bytes. */
  constructor(stream: Writable, blocking = false) {
    this.#stream = stream;
    this.#blocking = blocking;
    this.#write = stream.write.bind(stream);
    stream.on('drain', () => this.#drained());
    stream.on('error', () => this.#lost());
    stream.on('close', () => this.#lost());
  }

  /** What else the process prints goes to standard error from now on: `console.log` would stand in the response. */
  static claim(blocking: boolean): CgiOutput {
    const { stdout, stderr } = process;
    const output = new CgiOutput(stdout, blocking);
    stdout.write = stderr.write.bind(stderr);
    return output;
  }

  /** @param lost called once when the web server takes no more. */
  watch(lost: () => void): void {
    this.#onClosed = lost;
  }

  /** The web server takes no more, and an application that blocks has no other way to learn it. */
  get lost(): boolean {
    return this.#blocking && this.#closed;
  }

  /** Returns a promise if no more should come until it settles. */
  write(head: Uint8Array | undefined, bytes: Uint8Array | undefined): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#blocking) {
      this.#writeNow(head, bytes);
      return undefined;
    }
    this.#stream.cork();
    if (head !== undefined) this.#write(head);
    if (bytes !== undefined) this.#write(bytes);
    this.#stream.uncork();
    if (!this.#stream.writableNeedDrain) return undefined;
    this.#draining ??= new Promise((resolve) => {
      this.#onDrain = resolve;
    });
    return this.#draining;
  }

  /** Resolves to true once the kernel has all that was written, and to false if it never will. */
  async flushed(): Promise<boolean> {
    if (!this.#closed) {
      await new Promise<void>((resolve) => {
        this.#onClosed = resolve;
        this.#write('', () => resolve());
      });
    }
    return !this.#closed;
  }

  #writeNow(...blocks: (Uint8Array | undefined)[]): void {
    try {
      for (const block of blocks) if (block !== undefined) writeNow(block);
    } catch {
      this.#closed = true;
    }
  }

  #drained(): void {
    const resolve = this.#onDrain;
    this.#onDrain = undefined;
    this.#draining = undefined;
    resolve?.();
  }

  #lost(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
    this.#drained();
  }
}
