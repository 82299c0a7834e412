/** Load over HTTP: keep-alive connections that each send the next request when the last answer is complete. */
import { connect, type Socket } from 'node:net';

/** What a browser sends. */
export const BROWSER = [
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-US,en;q=0.5',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'Cookie: session=0123456789abcdef; theme=dark',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Site: none',
];

export interface Load {
  method: string;
  path: string;
  body?: Buffer;
  connections: number;
  /** Milliseconds; a bound, not a measure. */
  time: number;
  /** Each request is timed, which costs the client something. */
  timed?: boolean;
  /** Each request has a connection of its own. */
  connectEach?: boolean;
}

export type HttpPart = Omit<Load, 'time' | 'timed'>;

/** Sends requests for a time. @returns how many were answered completely. */
export async function httpLoad(port: number, load: Load): Promise<number> {
  const clients = await run(port, load);
  return clients.reduce((total, client) => total + client.answered, 0);
}

/** @returns milliseconds from each request to the end of its answer. */
export async function httpLatencies(port: number, load: Load): Promise<number[]> {
  return (await run(port, { ...load, timed: true })).flatMap((client) => client.latencies);
}

function run(port: number, load: Load): Promise<Client[]> {
  const { body } = load;
  const lines = [`${load.method} ${load.path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...BROWSER];
  if (body !== undefined)
    lines.push('Content-Type: application/octet-stream', `Content-Length: ${body.length}`);
  if (load.connectEach) lines.push('Connection: close');
  const request = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)]);
  const clients = Array.from(
    { length: load.connections },
    () => new Client(port, request, load.timed === true, load.connectEach === true),
  );
  return new Promise((resolve) => {
    setTimeout(() => {
      for (const client of clients) client.stop();
      resolve(clients);
    }, load.time);
  });
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

class Client {
  answered = 0;
  readonly latencies: number[] = [];
  #sent = 0;
  readonly #timed: boolean;
  readonly #connectEach: boolean;
  readonly #request: Buffer;
  readonly #port: number;
  #socket: Socket;
  #stopped = false;
  /** Bytes of body still to come; -1 while the head is awaited, -2 in a chunked body, -3 in one that ends with the connection. */
  #left = -1;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);

  constructor(port: number, request: Buffer, timed: boolean, connectEach: boolean) {
    this.#timed = timed;
    this.#connectEach = connectEach;
    this.#request = request;
    this.#port = port;
    this.#socket = this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#socket.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.on('connect', () => this.#send());
    socket.on('data', (data) => this.#take(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#stopped) return;
      if (this.#left === -3) this.answered++;
      this.#left = -1;
      this.#head = Buffer.alloc(0);
      this.#socket = this.#connect();
    });
    return socket;
  }

  #take(data: Buffer): void {
    if (this.#left === -1) {
      this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data]);
      const end = this.#head.indexOf(HEAD_END);
      if (end === -1) return;
      const head = this.#head.toString('latin1', 0, end);
      const length = /^content-length: *(\d+)/im.exec(head)?.[1];
      const rest = this.#head.subarray(end + 4);
      this.#head = Buffer.alloc(0);
      if (length !== undefined) this.#left = Number(length);
      else this.#left = /^transfer-encoding: *chunked/im.test(head) ? -2 : -3;
      this.#body(rest);
    } else this.#body(data);
  }

  #body(data: Buffer): void {
    if (this.#left === -3) return;
    if (this.#left === -2) {
      this.#tail = Buffer.concat([this.#tail, data.subarray(-5)]).subarray(-5);
      if (this.#tail.equals(LAST_CHUNK)) this.#next();
    } else {
      this.#left -= data.length;
      if (this.#left === 0) this.#next();
    }
  }

  #next(): void {
    this.answered++;
    this.#left = -1;
    this.#tail = Buffer.alloc(0);
    if (this.#timed) this.latencies.push(performance.now() - this.#sent);
    // The server closes, and the next request goes out on the next connection.
    if (!this.#connectEach) this.#send();
    else this.#socket.end();
  }

  #send(): void {
    if (this.#timed) this.#sent = performance.now();
    this.#socket.write(this.#request);
  }
}
