/** One connection to a gateway under test: sends bytes, waits for what comes back, leaves politely or not. */
import { connect, type Socket } from 'node:net';
import { bytes, parseResponses, type RawResponse, type Reply } from './responses.js';

interface Waiter {
  test(): boolean;
  done(): void;
}

export class Wire {
  readonly socket: Socket;
  /** The server shut down its side, or the connection ended. */
  closed = false;
  /** The connection ended with an error, such as a reset. */
  failed = false;
  /** No wait takes more seconds, unless the gateway is broken. */
  readonly #patience: number;
  readonly #chunks: Buffer[] = [];
  readonly #methods: string[] = [];
  #waiters: Waiter[] = [];

  private constructor(socket: Socket, patience: number) {
    this.socket = socket;
    this.#patience = patience;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    socket.on('error', () => {
      this.failed = true;
      this.#ended();
    });
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
  }

  static open(port: number, host: string, patience: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new Wire(socket, patience));
      });
    });
  }

  /** Sends as it is. Whole requests belong in calls of their own: the method tells how the response ends. */
  send(...messages: (string | Buffer)[]): void {
    for (const message of messages) {
      const method = /^([A-Z]+) \S+ HTTP\/1\.[01]\r\n/.exec(message.toString('latin1'))?.[1];
      if (method !== undefined) this.#methods.push(method);
    }
    this.socket.write(Buffer.concat(messages.map(bytes)));
  }

  /** Sends more of a request that was begun. */
  more(part: string | Buffer): void {
    this.socket.write(bytes(part));
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

  get raw(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.raw.toString('latin1');
  }

  get reply(): Reply {
    const { raw, closed } = this;
    return { ...parseResponses(raw, this.#methods, closed), closed, raw };
  }

  /** Waits until so many final responses are complete, or the connection ends. */
  async responses(count: number): Promise<RawResponse[]> {
    const complete = () => this.reply.responses.filter((response) => response.complete).length;
    await this.until(() => this.closed || complete() >= count, `${count} responses`);
    return this.reply.responses;
  }

  async response(): Promise<RawResponse> {
    const [first] = await this.responses(1);
    if (first === undefined) throw new Error('the connection ended without a response');
    return first;
  }

  /** Waits until as much text is here, or the connection ends; fails where it ends without. */
  async receives(text: string): Promise<void> {
    await this.until(() => this.closed || this.text.includes(text), JSON.stringify(text));
    if (!this.text.includes(text))
      throw new Error(`the connection ended before ${JSON.stringify(text)} came`);
  }

  /** Waits for the end of the connection. */
  async end(): Promise<Reply> {
    await this.until(() => this.closed, 'the end of the connection');
    return this.reply;
  }

  until(test: () => boolean, what: string): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`waited in vain for ${what}; so far: ${JSON.stringify(this.text.slice(-400))}`));
      }, this.#patience * 1000);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiters.push({ test, done });
    });
  }

  #ended(): void {
    this.closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.test()) return true;
      waiter.done();
      return false;
    });
  }
}
