/** One connection to a gateway under test: sends bytes as they are, and waits for what comes back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { bytes, parseResponses, type RawResponse, type Reply } from './responses.js';

export class Wire {
  readonly socket: Socket;
  /** The server ended its side, or the connection failed. */
  ended = false;
  /** How the connection failed, if it did: ECONNRESET, as a rule. */
  error: NodeJS.ErrnoException | undefined;
  /** No wait takes more seconds, unless the gateway is broken. */
  readonly #patience: number;
  /** What came, with room for more after it: joining all chunks again at each look would take the square of the time. */
  #bytes = Buffer.alloc(0);
  #length = 0;
  readonly #methods: string[] = [];
  #wake: (() => void)[] = [];

  /** @param socket with `allowHalfOpen`; it need not be connected yet. */
  constructor(socket: Socket, patience: number) {
    this.socket = socket;
    this.#patience = patience;
    socket.on('data', (chunk: Buffer) => {
      this.#append(chunk);
      this.#changed();
    });
    socket.on('error', (error) => {
      this.error = error;
      this.#end();
    });
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  static async open(port: number, host: string, patience: number): Promise<Wire> {
    const wire = new Wire(connect({ port, host, allowHalfOpen: true, noDelay: true }), patience);
    await once(wire.socket, 'connect');
    return wire;
  }

  /**
   * Sends as it is; settles when the kernel took it. Whole requests belong in messages of their own: the method tells
   * how the response ends.
   */
  send(...messages: (string | Buffer)[]): Promise<void> {
    for (const message of messages) {
      const method = /^([A-Z]+) \S+ HTTP\/1\.[01]\r\n/.exec(message.toString('latin1'))?.[1];
      if (method !== undefined) this.#methods.push(method);
    }
    return new Promise((resolve) => {
      this.socket.write(Buffer.concat(messages.map(bytes)), () => resolve());
    });
  }

  /** Says that nothing more will be sent, and goes on reading. */
  halfClose(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** What came so far. */
  get raw(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** How many bytes came so far. */
  get length(): number {
    return this.#length;
  }

  get text(): string {
    return this.raw.toString('latin1');
  }

  get reply(): Reply {
    return this.replyTo(this.#methods);
  }

  /** What came so far, as an answer to requests by these methods. */
  replyTo(methods: string[]): Reply {
    const { raw, ended } = this;
    return { ...parseResponses(raw, methods, ended), closed: ended, raw };
  }

  /** Waits until so many final responses are complete, or the connection ends. */
  async responses(count: number): Promise<RawResponse[]> {
    await this.until(() => this.ended || completeIn(this.reply) >= count, `${count} responses`);
    return this.reply.responses;
  }

  async response(): Promise<RawResponse> {
    const [first] = await this.responses(1);
    if (first === undefined) throw new Error('the connection ended without a response');
    return first;
  }

  /** Waits until this has come; fails where the connection ends without. */
  async got(wanted: string | RegExp): Promise<void> {
    await this.until(
      () => (typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text)),
      typeof wanted === 'string' ? JSON.stringify(wanted) : String(wanted),
    );
  }

  /** Waits for the end of the connection. */
  async closed(): Promise<Reply> {
    await this.until(() => this.ended, 'the end of the connection');
    return this.reply;
  }

  /** @throws Error if the connection ends, or patience does, before it is so. */
  async until(test: () => boolean, what: string): Promise<void> {
    const end = Date.now() + this.#patience * 1000;
    while (!test()) {
      if (this.ended || Date.now() > end) {
        const state = this.ended ? `the connection ended ${this.error?.code ?? ''}` : 'it is open';
        throw new Error(`${what} did not come; ${state}; so far: ${JSON.stringify(this.text.slice(-400))}`);
      }
      await this.change();
    }
  }

  /** Settles when something came, or so many milliseconds later: what is waited for may be elsewhere. */
  change(limit = 200): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limit);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      larger.set(this.raw);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #end(): void {
    this.ended = true;
    this.#changed();
  }
}

/** How many final responses are complete. */
export function completeIn({ responses }: Reply): number {
  return responses.filter((response) => response.complete).length;
}
