/**
 * The head of a request, as far as it may be refused: its bytes are counted while it comes, what the parser gave up on gets
 * its reason, and what is longer than the options allow, or forbidden by HTTP/1.1, is refused when it is complete.
 */
import type { IncomingMessage } from 'node:http';
import { ClientDisconnected, RequestError, RequestTimeout } from '../../errors.js';
import { parseContentLength } from '../../interpreter/request-body.js';
import type { ResolvedOptions } from '../options/options.js';
import type { WsgiSocket } from './connection.js';
import {
  afterEachPacket,
  type FramingFields,
  type PacketWatch,
  type Parser,
  parserOf,
  WsgiRequest,
} from './node-internals.js';

const LF = 10;
const CR = 13;

const kHeadWatch = Symbol('wsgi head watch');

/** A socket of an `http.Server`. */
interface ParsedSocket extends WsgiSocket {
  [kHeadWatch]?: HeadWatch | undefined;
}

/**
 * The parser counts the target, the names and the values. Line breaks before the request line and white space around the
 * rest it skips, and a head can have megabytes of them. Counted here are the packets that belong to an unfinished head as a
 * whole. What shares a packet with the end of a message, or with the end of the head itself, is not counted.
 */
export class HeadWatch implements PacketWatch {
  /** What earlier packets had of the head: nothing (or line breaks), a part of its first line, or more than that. */
  seen: 'nothing' | 'line' | 'fields' = 'nothing';
  /** The request that comes has an Upgrade and a body: newer Nodes may lose the next one. */
  mayLose = false;
  /** What the parser did before. */
  execute: PacketWatch['execute'];
  readonly #socket: ParsedSocket;
  #parser: Parser | undefined;
  readonly #limit: number;
  readonly #exceeded: (socket: WsgiSocket) => void;
  readonly #lost: (socket: WsgiSocket) => void;
  #bytes = 0;
  /** The last packet ended within a body. */
  #inBody = false;

  static of(socket: WsgiSocket): HeadWatch | undefined {
    return (socket as ParsedSocket)[kHeadWatch];
  }

  /**
   * Watches a connection for as long as it has the parser that it has now.
   * @param limit bytes of a head. @param exceeded called for a head that is longer. @param lost called when requests came
   * that the parser has thrown away.
   */
  static begin(
    socket: WsgiSocket,
    limit: number,
    exceeded: (socket: WsgiSocket) => void,
    lost: (socket: WsgiSocket) => void,
  ): void {
    const parser = parserOf(socket);
    if (parser !== undefined) new HeadWatch(socket, parser, limit, exceeded, lost);
  }

  private constructor(
    socket: ParsedSocket,
    parser: Parser,
    limit: number,
    exceeded: (socket: WsgiSocket) => void,
    lost: (socket: WsgiSocket) => void,
  ) {
    this.#socket = socket;
    this.#parser = parser;
    this.#limit = limit;
    this.#exceeded = exceeded;
    this.#lost = lost;
    socket[kHeadWatch] = this;
    if (!afterEachPacket(socket, parser, this)) this.#listen();
  }

  /** The socket has a new owner. */
  static end(socket: WsgiSocket): void {
    const watch = HeadWatch.of(socket);
    (socket as ParsedSocket)[kHeadWatch] = undefined;
    if (watch === undefined) return;
    // Parsers are used again: it would keep alive what Node has for this connection and then for others.
    watch.execute = undefined;
    watch.#parser = undefined;
  }

  /** Node's own listener, which came first, has given this packet to the parser. */
  #listen(): void {
    const onData = (packet: Buffer) => {
      if (parserOf(this.#socket) === this.#parser) this.parsed(packet);
      else this.#socket.removeListener('data', onData);
    };
    this.#socket.on('data', onData);
  }

  /** The parser has finished with a packet. @param result how many bytes of it it took, where that is known. */
  parsed(packet?: Buffer, result?: unknown): void {
    const parser = this.#parser;
    if (parser === undefined) return;
    const { incoming } = parser;
    if (this.mayLose && incoming?.complete !== false) {
      this.mayLose = false;
      const rest = typeof result === 'number' ? parser.getCurrentBuffer?.().subarray(result) : undefined;
      if (rest?.some((byte) => byte !== CR && byte !== LF)) this.#lost(this.#socket);
    }
    if (incoming?.complete === false) {
      this.#inBody = true;
    } else if (this.#inBody || incoming?.ended === false) {
      // A message ended in this packet.
      if (incoming !== null) incoming.ended = true;
      this.#inBody = false;
      this.#bytes = 0;
      this.seen = 'nothing';
    } else if (parserOf(this.#socket) === parser) {
      this.#count(packet ?? (parser.getCurrentBuffer?.() as Buffer));
    }
  }

  #count(packet: Buffer): void {
    this.#bytes += packet.length;
    if (this.seen !== 'fields') {
      const line = this.seen === 'line' ? 0 : packet.findIndex((byte) => byte !== CR && byte !== LF);
      if (line !== -1) this.seen = packet.includes(LF, line) ? 'fields' : 'line';
    }
    if (this.#bytes > this.#limit) this.#exceeded(this.#socket);
  }
}

/** What comes with `clientError`. */
export type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };

/**
 * @param inBody the head has come: what is too large are the trailers.
 * @param seen of the head, in earlier packets.
 */
export function parserFault(error: ParserError, inBody: boolean, seen: HeadWatch['seen']): RequestError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      if (!inBody && isRequestLine(error, seen)) return new RequestError(414, LINE_TOO_LONG);
      return new RequestError(431, HEAD_TOO_LONG);
    case 'HPE_INVALID_EOF_STATE':
      return new ClientDisconnected('the client left before its request was complete');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new RequestError(413, 'The chunk extensions of the request body are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestTimeout('The request did not come in time');
    default:
      return new RequestError(400, 'What was sent is not a valid HTTP/1.1 request');
  }
}

/** The parser does not say what overflowed, but how far it got in the last packet. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParserError, seen: HeadWatch['seen']): boolean {
  if (rawPacket === undefined || seen === 'fields') return false;
  const begin = rawPacket.subarray(0, bytesParsed).lastIndexOf('\n') + 1;
  if (begin === 0) return true;
  if (seen === 'line') return false;
  // Before a request line there is an empty one, or the end of a message, which is one too.
  return /^\r?\n$|\n\r?\n$/.test(rawPacket.toString('latin1', Math.max(0, begin - 3), begin));
}

// A head that is complete

/** The request that comes has a body, by its head. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/** How it frames its body. What was sent twice is as Node has it: joined, or the first. @param message of any server. */
export function framingOf(message: IncomingMessage): FramingFields {
  if (message instanceof WsgiRequest) {
    message.framing ??= framingIn(message.rawHeaders);
    return message.framing;
  }
  const { 'content-length': contentLength, 'transfer-encoding': transferEncoding, expect } = message.headers;
  return { contentLength, transferEncoding, expect };
}

function framingIn(rawHeaders: readonly string[]): FramingFields {
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let expect: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1];
    // Most names differ in length already.
    switch (name.length) {
      case 6:
        if (name.toLowerCase() === 'expect') expect = joined(expect, value);
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') contentLength ??= value;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') transferEncoding = joined(transferEncoding, value);
        break;
    }
  }
  return { contentLength, transferEncoding, expect };
}

function joined(before: string | undefined, value: string | undefined): string | undefined {
  return before === undefined ? value : `${before}, ${value}`;
}

/** Two spaces and "HTTP/1.1": what a request line holds beside method and target. */
const REQUEST_LINE_REST = 10;
export const HEAD_TOO_LONG = 'The header block of the request is too large (limit-request-head)';
export const LINE_TOO_LONG = 'The request line is too long (limit-request-line)';

export class RequestLimits {
  readonly #fieldLimit: number;
  readonly #fieldSizeLimit: number;
  readonly #lineLimit: number;
  readonly #headLimit: number;

  constructor(options: ResolvedOptions) {
    this.#fieldLimit = options.limitRequestFields || Number.POSITIVE_INFINITY;
    this.#fieldSizeLimit = options.limitRequestFieldSize || Number.POSITIVE_INFINITY;
    this.#lineLimit = options.limitRequestLine || Number.POSITIVE_INFINITY;
    this.#headLimit = options.limitRequestHead;
  }

  /** @throws RequestError with the status to answer with. */
  check(message: IncomingMessage): void {
    const { rawHeaders } = message;
    const { method, url } = message as { method: string; url: string };
    if (method.length + url.length + REQUEST_LINE_REST > this.#lineLimit)
      throw new RequestError(414, LINE_TOO_LONG);
    if (rawHeaders.length / 2 > this.#fieldLimit) {
      throw new RequestError(431, `The request has more than ${this.#fieldLimit} header fields`);
    }
    if (this.#fieldSizeLimit < this.#headLimit) this.#checkFieldSizes(rawHeaders);
    const { contentLength, transferEncoding, expect } = framingOf(message);
    if (contentLength !== undefined) parseContentLength(contentLength);
    if (transferEncoding !== undefined) checkTransferEncoding(transferEncoding, contentLength, message);
    if (expect !== undefined) checkExpect(expect, message);
  }

  #checkFieldSizes(rawHeaders: string[]): void {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      // Name, colon, space, value: what gunicorn counts as well.
      const size = (rawHeaders[i] as string).length + (rawHeaders[i + 1] as string).length + 2;
      if (size > this.#fieldSizeLimit) {
        throw new RequestError(431, `A header field is longer than ${this.#fieldSizeLimit} bytes`);
      }
    }
  }
}

/** `chunked`, once, is all that HTTP/1.1 needs (RFC 9112 section 6.1); Node hands other codings on with no body. */
function checkTransferEncoding(coding: string, length: string | undefined, message: IncomingMessage): void {
  if (message.httpVersionMinor === 0) throw new RequestError(400, 'HTTP/1.0 has no Transfer-Encoding');
  if (length !== undefined) {
    throw new RequestError(400, 'A request has either a Content-Length or a Transfer-Encoding');
  }
  if (!/^[ \t,]*chunked[ \t,]*$/i.test(coding)) {
    throw new RequestError(501, 'The only Transfer-Encoding that this server knows is chunked');
  }
}

function checkExpect(expect: string, message: IncomingMessage): void {
  if (message.httpVersionMinor === 0 || expect.trim().toLowerCase() === '100-continue') return;
  throw new RequestError(417, 'The only expectation that this server meets is 100-continue');
}
