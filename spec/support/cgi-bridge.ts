/**
 * A web server of the smallest kind in front of a CGI script (RFC 3875): HTTP in, variables and streams out, and back.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { unquoteToNative } from '../../lib/environ/native-string.js';

/** One run of a script. */
export interface Script {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** The client is gone. */
  kill(): void;
}

/** @param variables native strings. */
export type StartScript = (variables: Map<string, string>) => Script;

export class CgiBridge {
  readonly #server: Server;
  readonly #start: StartScript;
  readonly #mount: string;

  private constructor(start: StartScript, mount: string) {
    this.#start = start;
    this.#mount = mount;
    this.#server = createServer((message, response) => this.#handle(message, response));
  }

  /** @param mount SCRIPT_NAME. */
  static async open(start: StartScript, mount = ''): Promise<CgiBridge> {
    const bridge = new CgiBridge(start, mount);
    bridge.#server.listen(0, '127.0.0.1');
    await once(bridge.#server, 'listening');
    return bridge;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const variables = this.#describe(message);
    if (variables === undefined) {
      response.writeHead(404, { Connection: 'close' }).end('Not found\n');
      return;
    }
    // CGI has no word for a body of unknown length, so that it is waited for.
    const chunked = message.headers['transfer-encoding'] !== undefined;
    const whole = chunked ? Buffer.concat(await message.toArray()) : undefined;
    if (whole !== undefined) variables.set('CONTENT_LENGTH', String(whole.length));
    const script = this.#start(variables);
    script.stdin.on('error', () => {});
    if (whole !== undefined) script.stdin.end(whole);
    else message.pipe(script.stdin);
    message.on('error', () => script.stdin.end());
    response.on('close', () => {
      if (!response.writableFinished) script.kill();
    });
    relay(script.stdout, response);
  }

  #describe(message: IncomingMessage): Map<string, string> | undefined {
    const { method = '', url = '', headers, httpVersion, socket } = message;
    const [target = '', ...query] = url.split('?');
    const path = unquoteToNative(target);
    if (path !== this.#mount && !path.startsWith(`${this.#mount}/`)) return undefined;
    const variables = new Map([
      ['GATEWAY_INTERFACE', 'CGI/1.1'],
      ['REQUEST_METHOD', method],
      ['SCRIPT_NAME', this.#mount],
      ['PATH_INFO', path.slice(this.#mount.length)],
      ['QUERY_STRING', query.join('?')],
      ['REQUEST_URI', url],
      ['SERVER_NAME', '127.0.0.1'],
      ['SERVER_PORT', String(socket.localPort)],
      ['SERVER_PROTOCOL', `HTTP/${httpVersion}`],
      ['SERVER_SOFTWARE', 'bridge'],
      ['REMOTE_ADDR', String(socket.remoteAddress)],
      ['REMOTE_PORT', String(socket.remotePort)],
      ['CONTENT_TYPE', headers['content-type'] ?? ''],
      ['CONTENT_LENGTH', headers['content-length'] ?? ''],
    ]);
    for (const [name, value] of Object.entries(headers)) {
      if (!name.includes('_'))
        variables.set(`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, String(value));
    }
    return variables;
  }
}

/** What the script writes becomes the response; a body that falls short of its length cuts the connection. */
function relay(stdout: Readable, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  let left = Number.POSITIVE_INFINITY;
  stdout.on('data', (chunk: Buffer) => {
    let body = chunk;
    if (!response.headersSent) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      left = writeHead(response, head.toString('latin1', 0, end));
      body = head.subarray(end + 4);
      // Node sends a head alone as UTF-8, so that it waits a moment for what may come with it.
      setImmediate(() => response.flushHeaders());
    }
    left -= body.length;
    if (body.length > 0 && !response.write(body)) {
      stdout.pause();
      response.once('drain', () => stdout.resume());
    }
  });
  stdout.on('close', () => {
    if (!response.headersSent) response.writeHead(500, { Connection: 'close' }).end('No response\n');
    else if (left > 0 && left !== Number.POSITIVE_INFINITY) response.destroy();
    else response.end();
  });
}

/** Returns how many bytes of body follow. */
function writeHead(response: ServerResponse, head: string): number {
  const fields = head.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const [[name, status] = ['', '']] = fields;
  if (name !== 'Status') throw new Error(`The script did not begin with its status: ${head}`);
  const code = Number(status.slice(0, 3));
  response.writeHead(code, status.slice(4), fields.slice(1).flat());
  const length = fields.find(([field]) => field.toLowerCase() === 'content-length')?.[1];
  const bodiless = response.req.method === 'HEAD' || code === 204 || code === 304;
  return bodiless || length === undefined ? Number.POSITIVE_INFINITY : Number(length);
}
