/** The proxy: listens, gives each client a connection to the original, and ends them all. */
import { createServer, type Server, type Socket } from 'node:net';
import { hostLiteral } from '../../server/http/connection.js';
import type { Place } from '../../server/http/inherited-socket.js';
import { listen } from '../../server/http/listen.js';
import type { Head } from './http/head.js';
import { ProxyConnection, type ProxyOptions } from './proxy-connection.js';
import type { Recorder } from './recorder.js';
import { rewritten } from './rewrite.js';
import type { Upstream } from './upstream.js';

export interface RecordingProxyOptions {
  readonly upstream: Upstream;
  /** Undefined until the archive is open: a client that is faster is turned away. */
  readonly recorder: () => Recorder | undefined;
  readonly address: Place;
  /** Sends X-Forwarded-For, -Host and -Proto in place of the client's own. */
  readonly forwarded: boolean;
  /** What the original gets as Host; by default what the client has sent. */
  readonly hostHeader: string | undefined;
}

const BACKLOG = 2048;

export class RecordingProxy {
  readonly #server: Server;
  readonly #options: RecordingProxyOptions;
  readonly #connections = new Set<ProxyConnection>();
  #empty: (() => void) | undefined;

  private constructor(options: RecordingProxyOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /**
   * Resolves once it listens.
   * @throws ConfigError that says why it cannot.
   */
  static async start(options: RecordingProxyOptions): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(options);
    await listen(proxy.#server, { ...options.address, backlog: BACKLOG });
    return proxy;
  }

  /** `http://127.0.0.1:8080`, or `unix:` and a path. */
  get address(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return `unix:${bound ?? ''}`;
    const { host } = this.#options.address;
    return `http://${host === '' ? 'localhost' : hostLiteral(host)}:${bound.port}`;
  }

  /** How many connections have an exchange or a conversation that is not over. */
  get running(): number {
    return [...this.#connections].filter((connection) => !connection.isIdle).length;
  }

  /**
   * No new connections; exchanges that are going on may end within `grace` seconds, WebSockets end at once. Resolves when all
   * that was recorded is written.
   */
  async close(grace: number): Promise<void> {
    this.#server.close();
    for (const connection of [...this.#connections]) connection.drain();
    const late = setTimeout(() => this.stop(), grace * 1000);
    await new Promise<void>((resolve) => {
      this.#empty = resolve;
      if (this.#connections.size === 0) resolve();
    });
    clearTimeout(late);
    await this.#options.recorder()?.settled();
  }

  /** Ends what is still going on. */
  stop(): void {
    for (const connection of this.#connections) connection.stop();
  }

  #accept(socket: Socket): void {
    const { upstream, forwarded, hostHeader } = this.#options;
    const recorder = this.#options.recorder();
    if (recorder === undefined) {
      socket.destroy();
      return;
    }
    const rewrite =
      forwarded || hostHeader !== undefined
        ? (head: Head, client: Socket) => rewritten(head, client, { forwarded, hostHeader })
        : undefined;
    const options: ProxyOptions = {
      upstream,
      recorder,
      authority: this.address.replace(/^http:\/\//, ''),
      rewrite,
    };
    const connection = new ProxyConnection(socket, options, () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#empty?.();
    });
    this.#connections.add(connection);
  }
}
