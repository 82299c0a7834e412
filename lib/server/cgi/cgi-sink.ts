/** A response as a CGI script writes it (RFC 3875 section 6): `Status:`, headers, an empty line, the body as it is. */
import type { Bytes } from '../../environ/types.js';
import { ClientDisconnected } from '../../errors.js';
import { type ResponseHead, type Sink, Turns } from '../../interpreter/sink.js';
import type { CgiOutput } from './cgi-output.js';

/** Why the response ends early. */
export const NO_READER = 'the web server takes no more of the response';

/** How connections are framed and kept, Date and Server are the web server's. */
export class CgiSink implements Sink {
  readonly hijacked = false;
  /** The response was written to its end. */
  complete = false;
  readonly #output: CgiOutput;
  readonly #onDone: (rest: Promise<unknown> | undefined) => void;
  #head: Buffer | undefined;
  readonly #turns = new Turns();

  /** @param onDone see `Sink.done`. */
  constructor(output: CgiOutput, onDone: (rest: Promise<unknown> | undefined) => void) {
    this.#output = output;
    this.#onDone = onDone;
  }

  head({ status, reason, headers }: ResponseHead): void {
    let text = `Status: ${status} ${reason}\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    this.#head = Buffer.from(`${text}\r\n`, 'latin1');
  }

  /** @throws ClientDisconnected where the application blocks, and the web server has gone. */
  chunk(bytes: Bytes): Promise<void> | undefined {
    const wait = this.#output.write(this.#takeHead(), bytes);
    if (this.#output.lost) throw new ClientDisconnected(NO_READER);
    return wait ?? this.#turns.next();
  }

  /** Signals have to be heard. */
  pass(): Promise<void> | undefined {
    return this.#turns.next();
  }

  flush(): void {
    if (this.#head !== undefined) this.#output.write(this.#takeHead(), undefined);
  }

  end(last?: Bytes): void {
    this.complete = true;
    if (this.#head !== undefined || last !== undefined) this.#output.write(this.#takeHead(), last);
  }

  /** CGI cannot say so; where there is a Content-Length, the web server sees that the body falls short of it. */
  abort(): void {
    this.flush();
  }

  done(rest?: Promise<unknown>): void {
    this.#onDone(rest);
  }

  #takeHead(): Buffer | undefined {
    const head = this.#head;
    this.#head = undefined;
    return head;
  }
}
