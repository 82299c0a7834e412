/** `client.websocket()`: the client's side of `wsgi.websocket`. The protocol is that of the package `ws`, both ways. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket as WsSocket } from 'ws';
import { ignore } from '../environ/maybe-promise.js';
import type { Application, Bytes, Message } from '../environ/types.js';
import { WebSocketError } from '../environ/websocket/error.js';
import { checkTimeout } from '../environ/websocket/link.js';
import { Inbox } from '../server/websocket/inbox.js';
import { ws } from '../server/websocket/ws.js';
import type { EnvironBuilder } from './environ-builder.js';
import { paired } from './memory-exchange.js';
import { MemoryGateway } from './memory-gateway.js';
import { ResponseBody } from './response-body.js';
import { TestResponse } from './test-response.js';

/** How it ended: 1005 for no code, 1006 for no closing frame (RFC 6455 section 7.1.5). */
export interface WebSocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** Milliseconds in which an application has to be done once its WebSocket is closed. */
const PATIENCE = 5000;

export class WebSocketSession implements AsyncIterable<Message> {
  /** The answer to the handshake: 101, or that with which the application refused it. */
  readonly response: TestResponse;
  readonly #socket: WsSocket;
  readonly #gateway: MemoryGateway;
  readonly #inbox: Inbox;
  readonly #closed: Promise<WebSocketEnd>;
  #end: WebSocketEnd | undefined;

  private constructor(socket: WsSocket, gateway: MemoryGateway, inbox: Inbox, response: TestResponse) {
    this.#socket = socket;
    this.#gateway = gateway;
    this.#inbox = inbox;
    this.response = response;
    this.#closed = new Promise((resolve) => {
      const ended = (code: number, reason: Buffer | string) => {
        this.#end = { code, reason: String(reason) };
        inbox.end();
        resolve(this.#end);
      };
      if (socket.readyState === socket.CLOSED) ended(1006, '');
      else socket.on('close', ended);
    });
  }

  /** @internal @throws what the application threw before it answered. */
  static async open(
    application: Application,
    builder: EnvironBuilder,
    protocols: readonly string[],
    throwErrors: boolean,
  ): Promise<WebSocketSession> {
    const gateway = new MemoryGateway(application, builder, throwErrors);
    const { WebSocket } = ws();
    const socket = new WebSocket('ws://localhost/', [...protocols], {
      createConnection: () => gateway.connect() as Duplex & import('node:net').Socket,
      headers: asObject(builder.rawHeaders),
      perMessageDeflate: false,
    });
    const inbox = new Inbox(socket);
    socket.on('message', (data: Buffer, isBinary) => inbox.put(isBinary ? data : String(data)));
    const message = await handshake(socket);
    const response = await responseOf(message, gateway, builder);
    if (gateway.thrown !== undefined && message.statusCode !== 101) throw gateway.thrown.error;
    return new WebSocketSession(socket, gateway, inbox, response);
  }

  /** False if the handshake was refused: `response` tells how. */
  get accepted(): boolean {
    return this.response.statusCode === 101;
  }

  /** The subprotocol that the application chose; empty for none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Sends text as a text frame, bytes as a binary one. Settles when the application has room for more. */
  async send(message: string | Bytes): Promise<void> {
    this.#checkAccepted();
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(message, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(new WebSocketError(`The message was not sent: ${error.message}`));
      });
    });
  }

  /**
   * The next message: text, or bytes as a Buffer; null when the application closed the WebSocket.
   * @param timeout seconds; left out or null: as long as it takes.
   * @throws what the application threw, in place of the null; ReceiveTimeout if no message came in that time.
   */
  async receive(timeout?: number | null): Promise<Message | null> {
    this.#checkAccepted();
    const milliseconds = checkTimeout(timeout);
    const came = this.#inbox.take();
    const message = came ?? (this.#end === undefined ? await this.#inbox.wait(milliseconds) : null);
    if (message === null) this.#throwErrors();
    return message;
  }

  /** The messages, to the end of the connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined> {
    for (;;) {
      const message = await this.receive();
      if (message === null) return;
      yield message;
    }
  }

  /**
   * Closes the WebSocket unless the application did, and waits until the application is done with it.
   * @returns how it was closed: by whichever side was first.
   * @throws what the application threw; Error if it is not done 5 seconds after the close.
   */
  async close(code = 1000, reason = ''): Promise<WebSocketEnd> {
    this.#inbox.drop();
    this.#socket.close(code, reason);
    return this.closed();
  }

  /** As `close`, and leaves the closing to the application. */
  async closed(): Promise<WebSocketEnd> {
    const end = await this.#closed;
    await inTime(this.#gateway.over, 'The WebSocket is closed, and the application goes on');
    this.#throwErrors();
    return end;
  }

  /**
   * Stops the server below it, as SIGTERM does: the application may answer the message that it works on, its next
   * `receive()` gives null, and the WebSocket is closed with 1001. Waits as `closed` does.
   * @throws Error if it is not closed after 5 seconds: the application neither receives nor returns. It is cut off.
   */
  async stopServer(): Promise<WebSocketEnd> {
    this.#gateway.goAway();
    await inTime(this.#closed, 'The server stops, and the application goes on').catch((error) => {
      this.#socket.terminate();
      throw error;
    });
    return this.closed();
  }

  /** Drops the connection without a closing frame, as a client that is cut off; waits as `close` does. */
  terminate(): Promise<WebSocketEnd> {
    this.#socket.terminate();
    return this.closed();
  }

  #throwErrors(): void {
    if (this.#gateway.thrown !== undefined) throw this.#gateway.thrown.error;
  }

  #checkAccepted(): void {
    if (this.accepted) return;
    throw new WebSocketError(`The application refused the WebSocket: ${this.response.status}`);
  }
}

/** @throws Error with `message` if it takes too long. */
async function inTime(work: Promise<unknown>, message: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, PATIENCE, new Error(message));
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The response to the handshake, whatever its status. */
function handshake(socket: WsSocket): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    socket.on('upgrade', (response) => {
      answer = response;
    });
    socket.on('open', () => resolve(answer as IncomingMessage));
    socket.on('unexpected-response', (_request, response) => resolve(response));
    // Later errors are told by `close`.
    socket.on('error', reject);
  });
}

async function responseOf(
  message: IncomingMessage,
  gateway: MemoryGateway,
  { method, url }: EnvironBuilder,
): Promise<TestResponse> {
  const body = new ResponseBody(false);
  const { statusCode = 0, statusMessage = '', rawHeaders } = message;
  if (statusCode !== 101) {
    for await (const block of message) void body.push(block);
    await gateway.over;
    gateway.drop();
  }
  body.end();
  return new TestResponse({
    statusCode,
    reason: statusMessage,
    headers: paired(rawHeaders),
    body,
    request: { method, url },
    errors: () => gateway.errors,
    earlyHints: [],
    over: gateway.over,
    leave: ignore,
  });
}

function asObject(rawHeaders: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    headers[name] = [...(headers[name] ?? []), rawHeaders[i + 1] as string];
  }
  return headers;
}
