/** A client that sends bytes when it is told to, and waits for what comes back. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseResponses, type RawResponse } from './raw-client.js';

const PATIENCE_MS = 10_000;

export interface PeerOptions {
  readonly host?: string;
  /** Takes certificates from anybody. */
  readonly tls?: boolean;
  /** Does not read until `resume()`. */
  readonly paused?: boolean;
}

const open = new Set<Peer>();

/** For `afterEach`. */
export function closePeers(): void {
  for (const peer of open) peer.socket.destroy();
  open.clear();
}

export class Peer {
  readonly socket: Socket;
  /** The server ended its side, or cut the connection. */
  ended = false;
  /** How the connection was cut, if it was: ECONNRESET, as a rule. */
  error: NodeJS.ErrnoException | undefined;
  readonly #chunks: Buffer[] = [];
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    open.add(this);
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    const gone = () => {
      this.ended = true;
      this.#wake();
    };
    socket.on('end', gone);
    socket.on('close', gone);
    socket.on('error', (error) => {
      this.error = error;
    });
  }

  /** @param place a port, or the path of a Unix socket. */
  static async connect(place: number | string, options: PeerOptions = {}): Promise<Peer> {
    const { host = '127.0.0.1', tls = false, paused = false } = options;
    const where = typeof place === 'number' ? { port: place, host } : { path: place };
    const all = { ...where, allowHalfOpen: true };
    const socket = tls ? connectTls({ ...all, rejectUnauthorized: false }) : connect(all);
    if (!tls) socket.setNoDelay(true);
    const peer = new Peer(socket);
    if (paused) socket.pause();
    await new Promise((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return peer;
  }

  get raw(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.raw.toString('latin1');
  }

  /** Settles when the kernel took it. */
  send(data: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, () => resolve());
    });
  }

  /** Each in a segment of its own. */
  async sendApart(parts: readonly (string | Buffer)[]): Promise<void> {
    for (const part of parts) {
      await this.send(part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits until the text has come. */
  async got(wanted: string | RegExp): Promise<void> {
    await this.until(
      () => (typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text)),
      () => `${wanted} did not come`,
    );
  }

  /** Waits for as many final responses; gives all that are there. */
  async responses(count: number, methods: string[] = []): Promise<RawResponse[]> {
    const parse = () => parseResponses(this.raw, methods, this.ended).responses;
    await this.until(
      () => parse().filter((response) => response.complete).length >= count,
      () => `${count} responses did not come`,
    );
    return parse();
  }

  async response(method = 'GET'): Promise<RawResponse> {
    return (await this.responses(1, [method]))[0] as RawResponse;
  }

  /** Waits until the server has closed. */
  async closed(): Promise<void> {
    await this.until(
      () => this.ended,
      () => 'the server did not close',
    );
  }

  async until(test: () => boolean, complaint: () => string): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!test()) {
      if (this.ended || Date.now() > end) {
        const state = this.ended ? `closed ${this.error?.code ?? ''}` : 'open';
        throw new Error(`${complaint()} (${state}): ${JSON.stringify(this.text.slice(0, 1000))}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** A request as text. */
export function request(target = '/', { method = 'GET', headers = [] as string[], body = '' } = {}): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: a', ...headers, '', body].join('\r\n');
}
