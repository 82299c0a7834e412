/** Counts the bytes of a request head, those too that Node's parser skips. */
import type { WsgiSocket } from './connection.js';
import type { WsgiRequest } from './wsgi-request.js';

/** Node's parser of a connection. Without the optional parts, packets are seen as the stream has them. */
interface Parser {
  /** The last message whose head is complete; null after it was answered. */
  readonly incoming: WsgiRequest | null;
  readonly constructor: { readonly kOnExecute?: number };
  getCurrentBuffer?(): Buffer;
  [callback: number]: ((result: unknown) => void) | null | undefined;
}

const LF = 10;
const CR = 13;

const kHeadWatch = Symbol('wsgi head watch');

/** A socket of an `http.Server`. */
interface ParsedSocket extends WsgiSocket {
  parser?: Parser | null;
  [kHeadWatch]?: HeadWatch;
}

/**
 * The parser counts the target, the names and the values. Line breaks before the request line and white space around the
 * rest it skips, and a head can have megabytes of them. Counted here are the packets that belong to an unfinished head as a
 * whole. What shares a packet with the end of a message, or with the end of the head itself, is not counted.
 */
export class HeadWatch {
  /** What earlier packets had of the head: nothing (or line breaks), a part of its first line, or more than that. */
  seen: 'nothing' | 'line' | 'fields' = 'nothing';
  readonly #socket: ParsedSocket;
  readonly #parser: Parser;
  readonly #limit: number;
  readonly #exceeded: () => void;
  #bytes = 0;
  /** The last packet ended within a body. */
  #inBody = false;

  static of(socket: WsgiSocket): HeadWatch | undefined {
    return (socket as ParsedSocket)[kHeadWatch];
  }

  /**
   * Watches a connection for as long as it has the parser that it has now.
   * @param limit bytes of a head. @param exceeded called for a head that is longer.
   */
  static begin(socket: WsgiSocket, limit: number, exceeded: () => void): void {
    const { parser } = socket as ParsedSocket;
    if (parser) new HeadWatch(socket, parser, limit, exceeded);
  }

  private constructor(socket: ParsedSocket, parser: Parser, limit: number, exceeded: () => void) {
    this.#socket = socket;
    this.#parser = parser;
    this.#limit = limit;
    this.#exceeded = exceeded;
    socket[kHeadWatch] = this;
    if (!this.#hookParser(parser)) socket.on('data', this.#onData);
  }

  /** The parser, which reads a TCP connection without its stream, calls back after each packet. */
  #hookParser(parser: Parser): boolean {
    const index = parser.constructor.kOnExecute;
    const parsed = index === undefined ? undefined : parser[index];
    if (index === undefined || typeof parsed !== 'function' || parser.getCurrentBuffer === undefined)
      return false;
    // Over TLS it gets what the stream read, and does not call.
    if (this.#socket.encrypted === true) return false;
    parser[index] = (result) => {
      parsed(result);
      this.#parsed();
    };
    return true;
  }

  /** Node's own listener, which came first, has given this packet to the parser. */
  readonly #onData = (packet: Buffer): void => {
    if (this.#socket.parser === this.#parser) this.#parsed(packet);
    else this.#socket.removeListener('data', this.#onData);
  };

  #parsed(packet?: Buffer): void {
    const { incoming } = this.#parser;
    if (incoming?.complete === false) {
      this.#inBody = true;
    } else if (this.#inBody || incoming?.ended === false) {
      // A message ended in this packet.
      if (incoming !== null) incoming.ended = true;
      this.#inBody = false;
      this.#bytes = 0;
      this.seen = 'nothing';
    } else if (this.#socket.parser === this.#parser) {
      this.#count(packet ?? (this.#parser.getCurrentBuffer?.() as Buffer));
    }
  }

  #count(packet: Buffer): void {
    this.#bytes += packet.length;
    if (this.seen !== 'fields') {
      const line = this.seen === 'line' ? 0 : packet.findIndex((byte) => byte !== CR && byte !== LF);
      if (line !== -1) this.seen = packet.includes(LF, line) ? 'fields' : 'line';
    }
    if (this.#bytes > this.#limit) this.#exceeded();
  }
}
