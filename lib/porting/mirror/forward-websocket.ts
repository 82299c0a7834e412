/** A WebSocket that is passed on to another server: its handshake, its messages both ways, and how it is closed. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ClientOptions, RawData, WebSocket as WsSocket } from 'ws';
import { isPromise } from '../../environ/maybe-promise.js';
import type { AnyEnviron, Body, Bytes, Environ, Message, StartResponse } from '../../environ/types.js';
import { ReceiveTimeout } from '../../environ/websocket/error.js';
import { CLIENT_LIMITS, ws } from '../../server/websocket/ws.js';
import { MAX_HEAD } from '../fields.js';
import { ForwardedAnswer } from './forward-answer.js';
import { answerError, endToEnd, headOf, type Upstream, UpstreamError } from './forward-head.js';

type Client = NonNullable<AnyEnviron['wsgi.websocket']>;

/** Seconds that a thread waits for its client before what the other server has sent gets a turn. */
const TURN_S = 0.02;
/** RFC 6455 section 7.4.1: the connection ends because of a condition that its other end did not expect. */
const UNEXPECTED = 1011;

/** Opens one to the other server first, whose answer is then the client's. */
export async function forwardWebSocket(
  upstream: Upstream,
  environ: Environ,
  start_response: StartResponse,
): Promise<Body> {
  const client = environ['wsgi.websocket'] as Client;
  const socket = connect(upstream, environ, client.protocols);
  const relay = new Relay(client, socket);
  const signal = environ['node.abort_signal'];
  const leave = () => socket.terminate();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    const answer = await handshakeOf(socket);
    if ('refusal' in answer) return await answer.refusal.passTo(start_response);
    client.accept(socket.protocol || null, handshakeHeaders(answer.opened));
    await relay.run(environ['node.nonblocking'] === true);
    return [];
  } catch (error) {
    if (!(error instanceof UpstreamError) || client.opened) throw error;
    return answerError(error, upstream, environ, start_response);
  } finally {
    signal?.removeEventListener('abort', leave);
    if (client.opened) await relay.closed();
  }
}

function connect(upstream: Upstream, environ: Environ, protocols: readonly string[]): WsSocket {
  const { path, headers } = headOf(upstream, environ);
  // `ws` makes these itself.
  for (const name of Object.keys(headers)) if (/^sec-websocket-/i.test(name)) delete headers[name];
  const options: ClientOptions & { finishRequest(request: ClientRequest): void } = {
    headers,
    handshakeTimeout: upstream.timeoutMs || undefined,
    maxHeaderSize: MAX_HEAD,
    ...CLIENT_LIMITS,
    perMessageDeflate: /permessage-deflate/i.test(environ.HTTP_SEC_WEBSOCKET_EXTENSIONS ?? ''),
    // The target as the client wrote it: a URL would lose `..` and more.
    finishRequest(request) {
      request.path = path;
      request.maxHeadersCount = 0;
      request.end();
    },
  };
  const { WebSocket } = ws();
  return new WebSocket(upstream.url.origin.replace(/^http/, 'ws'), [...protocols], options);
}

type Handshake = { readonly opened: IncomingMessage } | { readonly refusal: ForwardedAnswer };

function handshakeOf(socket: WsSocket): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    let opened: IncomingMessage | undefined;
    socket.once('upgrade', (response) => {
      opened = response;
    });
    socket.once('open', () => {
      // Until the client has its own handshake, and is there to be sent what comes.
      socket.pause();
      if (opened !== undefined) resolve({ opened });
    });
    socket.once('unexpected-response', (request, message) => {
      resolve({ refusal: new ForwardedAnswer(message, request) });
    });
    socket.on('error', (error) => {
      const late = error.message === 'Opening handshake has timed out';
      reject(new UpstreamError(error.message, late ? 504 : 502));
    });
  });
}

/** What the other server sends with its 101 for the client, such as a cookie. */
function handshakeHeaders({ rawHeaders }: IncomingMessage): [string, string][] {
  return endToEnd(rawHeaders).filter(
    ([name]) => !/^(?:sec-websocket-.*|date|server|status|content-length)$/i.test(name),
  );
}

/** Two open WebSockets, of which each gets what the other one receives. */
class Relay {
  readonly #client: Client;
  readonly #socket: WsSocket;
  readonly #closed: Promise<void>;

  constructor(client: Client, socket: WsSocket) {
    this.#client = client;
    this.#socket = socket;
    socket.on('message', (data, isBinary) => this.#fromServer(data, isBinary));
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve();
        if (!client.opened || client.closed) return;
        void closeClient(client, code, reason);
      });
    });
  }

  closed(): Promise<void> {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.terminate();
    return this.#closed;
  }

  /** Until one of the two is closed. */
  async run(nonblocking: boolean): Promise<void> {
    this.#socket.resume();
    for (;;) {
      const message = await (nonblocking ? this.#client.receive() : this.#receiveInTurns());
      if (message === null) break;
      await this.#toServer(message);
    }
    const { closeCode = 1006, closeReason = '' } = this.#client;
    if (closeCode === 1006) this.#socket.terminate();
    else if (closeCode === 1005) this.#socket.close();
    else this.#socket.close(closeCode, closeReason);
    await this.#closed;
  }

  /** In a thread `receive()` blocks, and nothing that the other server sends would reach the client meanwhile. */
  async #receiveInTurns(): Promise<Message | null> {
    for (;;) {
      if (this.#client.closed && this.#socket.readyState === this.#socket.CLOSED) return null;
      try {
        return await this.#client.receive(TURN_S);
      } catch (error) {
        if (!(error instanceof ReceiveTimeout)) throw error;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #toServer(message: Message): Promise<void> {
    return new Promise((resolve) => {
      // One that cannot be sent any more is lost, as on any connection that closes.
      this.#socket.send(message, { binary: typeof message !== 'string' }, () => resolve());
    });
  }

  #fromServer(data: RawData, isBinary: boolean): void {
    const bytes = data as Buffer;
    try {
      const sent: unknown = this.#client.send(isBinary ? bytes : String(bytes), isBinary);
      if (!isPromise(sent)) return;
      this.#socket.pause();
      sent.then(
        () => this.#socket.resume(),
        () => this.#socket.terminate(),
      );
    } catch {
      // The client has closed: `receive()` says so too.
      this.#socket.terminate();
    }
  }
}

async function closeClient(client: Client, code: number, reason: Bytes): Promise<void> {
  try {
    // 1005 and 1006 are never sent (RFC 6455 section 7.4.1).
    if (code === 1005) {
      // Ours can, one that middleware has put in its place may not.
      const { closeWithoutCode = client.close } = client as Client & { closeWithoutCode?(): unknown };
      await closeWithoutCode.call(client);
    } else if (code === 1006) await client.close(UNEXPECTED, 'The connection to the server was lost');
    else await client.close(code, reason);
  } catch {
    // It was closed in this moment.
  }
}
