/** The client of the `ws` package, with promises. */
import { once } from 'node:events';
import { WebSocket as Client, type ClientOptions } from 'ws';

const open = new Set<Client>();

/** For `afterEach`. */
export function closeClients(): void {
  for (const client of open) client.terminate();
  open.clear();
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A connection, and what came on it. */
export class WebSocketClient {
  readonly client: Client;
  readonly closed: Promise<Closed>;
  readonly #messages: (string | Buffer)[] = [];
  #wake: () => void = () => {};

  constructor(
    port: number,
    {
      path = '/chat',
      protocols = [],
      ...options
    }: ClientOptions & { path?: string; protocols?: string[] } = {},
  ) {
    this.client = new Client(`ws://127.0.0.1:${port}${path}`, protocols, options);
    open.add(this.client);
    this.client.on('error', () => {});
    this.client.on('message', (data: Buffer, isBinary: boolean) => {
      this.#messages.push(isBinary ? data : String(data));
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.client.on('close', (code, reason) => {
        this.#wake();
        resolve({ code, reason: String(reason) });
      });
    });
  }

  static async connect(...args: ConstructorParameters<typeof WebSocketClient>): Promise<WebSocketClient> {
    const made = new WebSocketClient(...args);
    await once(made.client, 'open');
    return made;
  }

  /** The next message. */
  async next(): Promise<string | Buffer> {
    while (this.#messages.length === 0) {
      if (this.client.readyState === Client.CLOSED) throw new Error('closed before a message came');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift() as string | Buffer;
  }

  close(code?: number, reason?: string): Promise<Closed> {
    this.client.close(code, reason);
    return this.closed;
  }
}

/** The headers of a sound handshake. */
export const HANDSHAKE = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
