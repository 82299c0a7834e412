/** The opening handshake of a WebSocket: what is asked of the request, and the 101 that answers it (RFC 6455 section 4.2). */
import type { Duplex } from 'node:stream';
import type { ServerOptions, WebSocketServer as WsServer } from 'ws';
import { parseUrl } from '../../environ/syntax.js';
import { closedError, SOCKET_DEAD } from '../../environ/websocket/error.js';
import { type Door, NO_PROTOCOLS } from '../../environ/websocket/link.js';
import { type IncomingMessage, STATUS_CODES } from '../../node-http.js';
import { hasBody } from '../http/request-head.js';
import {
  acceptDeflate,
  type DeflateOptions,
  deflateSettings,
  type LeanDeflate,
  parseOffers,
} from './deflate.js';
import { InflateBudget } from './inflater.js';
import { type OpenSocket, type WsgiWebSocket, webSocketClass } from './socket.js';
import { canDeflate, joinPacketsOf, useDeflate, ws } from './ws.js';

/** RFC 6455 is 13; 8 and 7 are drafts of it with the same frames. */
const VERSIONS = ['13', '8', '7'];
const VERSION_HEADER = ['Sec-WebSocket-Version', VERSIONS.join(', ')] as const;

/** 16 bytes in base64 (RFC 6455 section 4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** A message may come in this many fragments; in more, if they have this many bytes on average: each costs memory. */
const MIN_FRAGMENTS = 16 * 1024;
const BYTES_PER_FRAGMENT = 64;

/** The answer to a handshake that cannot be accepted. */
export interface RefusedHandshake {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Plain text, ASCII. */
  readonly body: string;
}

/** A handshake that can be accepted. */
export type HandshakeRequest = Omit<Door<unknown>, 'accept'>;

export interface AcceptorOptions {
  /** Bytes; a longer message closes with 1009. 0 is no limit. */
  readonly maxMessage?: number;
  /** Compress messages, if the client asks for it (RFC 7692). */
  readonly perMessageDeflate?: boolean;
  /** Milliseconds for the whole closing handshake, however much is still to be sent; by default those of `ws`, 30 s. */
  readonly closeTimeout?: number;
  /** Without it, what the client offers decides of contexts and windows. */
  readonly deflate?: DeflateOptions;
  /** Bytes that inflated messages may hold in all connections until they are received. 0 is no limit. */
  readonly inflateBuffer?: number;
}

/** A GET over HTTP/1.1, without a body, that asks for the upgrade. Anything else is an ordinary request. */
export function isWebSocketRequest(req: IncomingMessage): boolean {
  const { headers } = req;
  return (
    req.method === 'GET' &&
    req.httpVersionMajor === 1 &&
    req.httpVersionMinor === 1 &&
    holds(headers.upgrade, 'websocket') &&
    holds(headers.connection, 'upgrade') &&
    !hasBody(req)
  );
}

/**
 * Checks a request that `isWebSocketRequest`.
 * @param allowedOrigins origins as RFC 6454 serialises them; `*` is any. A request without an Origin is allowed, for
 *   the check protects the users of browsers, and those always send one (RFC 6455 section 10.2).
 */
export function checkHandshake(
  req: IncomingMessage,
  allowedOrigins?: readonly string[],
): RefusedHandshake | HandshakeRequest {
  const { headers } = req;
  const asked = headers['sec-websocket-version'];
  if (asked === undefined) {
    // RFC 9110 section 15.5.22; an Upgrade header goes with the connection option.
    const upgrade = [['Upgrade', 'websocket'] as const, ['Connection', 'Upgrade'] as const, VERSION_HEADER];
    return refusal(426, 'No Websocket protocol version defined', upgrade);
  }
  if (!VERSIONS.includes(asked)) {
    return refusal(400, 'Unsupported Websocket protocol version', [VERSION_HEADER]);
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    return refusal(400, 'The header Sec-WebSocket-Key is missing or malformed');
  }
  const protocols = parseProtocols(headers['sec-websocket-protocol']);
  if (protocols === undefined) {
    return refusal(400, 'The header Sec-WebSocket-Protocol is malformed');
  }
  if (parseOffers(headers['sec-websocket-extensions']) === undefined) {
    return refusal(400, 'The header Sec-WebSocket-Extensions is malformed');
  }
  // Before version 13 it had a name of its own.
  const version = Number(asked);
  const old = version < 13 ? (headers['sec-websocket-origin'] as string | undefined) : undefined;
  const origin = old ?? headers.origin;
  if (allowedOrigins !== undefined && origin !== undefined && !isAllowed(origin, allowedOrigins)) {
    return refusal(403, 'This origin may not open a WebSocket here');
  }
  return { version, origin, protocols };
}

/** Answers handshakes; one for each gateway. The package `ws` writes the answer, and then the frames. */
export class WebSocketAcceptor {
  readonly #settings: ServerOptions;
  readonly #negotiate: (offers: string | undefined) => LeanDeflate | undefined;
  /** Of the handshake that is being answered. */
  #deflate: LeanDeflate | undefined;
  #headers: readonly string[] = [];
  #server: WsServer | undefined;

  constructor({
    maxMessage = 16 * 1024 * 1024,
    perMessageDeflate = false,
    closeTimeout = 30_000,
    deflate,
    inflateBuffer = 0,
  }: AcceptorOptions = {}) {
    const settings = deflateSettings(deflate);
    const budget = new InflateBudget(inflateBuffer);
    this.#negotiate = (offers) =>
      perMessageDeflate && canDeflate()
        ? acceptDeflate(parseOffers(offers) ?? [], settings, maxMessage, budget)
        : undefined;
    this.#settings = {
      closeTimeout,
      noServer: true,
      clientTracking: false,
      // pongs.ts answers.
      autoPong: false,
      maxPayload: maxMessage,
      maxFragments:
        maxMessage === 0 ? 0 : Math.max(MIN_FRAGMENTS, Math.ceil(maxMessage / BYTES_PER_FRAGMENT)),
    };
  }

  /**
   * Answers 101 to a request that `checkHandshake` allowed. Timeouts and Nagle's algorithm are turned off.
   * @param own headers of the application that were checked. Flat: name, value, name, value.
   * @throws WebSocketError if the client has disconnected.
   */
  accept(
    { headers }: IncomingMessage,
    stream: Duplex,
    rest: Buffer,
    protocol: string | undefined,
    own: readonly string[] = [],
  ): OpenSocket {
    const deflate = this.#negotiate(headers['sec-websocket-extensions']);
    this.#deflate = deflate;
    this.#headers = own;
    const opened: WsgiWebSocket[] = [];
    // `ws` writes the head as one text: native strings are latin-1 (PEP 3333 "Unicode Issues"). Its own part is ASCII.
    if (own.length > 0) stream.setDefaultEncoding('latin1');
    this.#server ??= this.#makeServer();
    this.#server.handleUpgrade(plainRequest(headers, protocol), stream, rest, (one) => opened.push(one));
    if (own.length > 0) stream.setDefaultEncoding('utf8');
    const [socket] = opened;
    if (socket === undefined) throw closedError(SOCKET_DEAD);
    joinPacketsOf(socket);
    if (deflate !== undefined) {
      useDeflate(socket, deflate);
      socket.deflate = deflate;
    }
    return { socket, stream };
  }

  /** With the first handshake: it needs `ws`. */
  #makeServer(): WsServer {
    const { WebSocketServer } = ws();
    const server = new WebSocketServer({ ...this.#settings, WebSocket: webSocketClass() });
    server.on('headers', (lines) => {
      if (this.#deflate !== undefined) lines.push(`Sec-WebSocket-Extensions: ${this.#deflate.header}`);
      const headers = this.#headers;
      for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
    });
    return server;
  }
}

/** The request as `ws` takes it, which is stricter than the standard: all was checked and chosen by now. */
function plainRequest(headers: IncomingMessage['headers'], protocol: string | undefined): IncomingMessage {
  const plain = {
    upgrade: 'websocket',
    'sec-websocket-key': headers['sec-websocket-key'],
    'sec-websocket-version': '13',
    ...(protocol !== undefined && { 'sec-websocket-protocol': protocol }),
  };
  return { method: 'GET', headers: plain } as IncomingMessage;
}

/** Undefined if they are not unique tokens (RFC 6455 section 4.1); a list may have empty elements (RFC 9110 section 5.6.1). */
function parseProtocols(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return NO_PROTOCOLS;
  try {
    const full = header.split(',').filter((one) => one.trim() !== '');
    return full.length === 0 ? undefined : [...ws().subprotocol.parse(full.join(',').trim())];
  } catch {
    return undefined;
  }
}

/** Whether a comma-separated list has the word, in any case. */
function holds(list: string | undefined, word: string): boolean {
  if (list === undefined) return false;
  const lower = list.toLowerCase();
  return lower === word || lower.split(',').some((part) => part.trim() === word);
}

/** Scheme and host are compared in any case, and default ports are left out (RFC 6454 section 4). */
function isAllowed(origin: string, allowed: readonly string[]): boolean {
  const wanted = serialise(origin);
  return allowed.some((one) => one === '*' || serialise(one) === wanted);
}

function serialise(origin: string): string {
  const known = parseUrl(origin)?.origin ?? 'null';
  // The URL standard gives 'null' for a scheme that it does not know, such as a browser extension's.
  return known === 'null' ? origin.toLowerCase() : known;
}

function refusal(status: number, body: string, headers: RefusedHandshake['headers'] = []): RefusedHandshake {
  return { status, reason: STATUS_CODES[status] ?? '', headers, body };
}
