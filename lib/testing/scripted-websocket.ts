/** `client.websocket()` of an application that blocks: the client's messages are a script, what was sent is kept. */
import { createHash, randomBytes } from 'node:crypto';
import type { BlockingApplication, BlockingEnviron, Bytes, Message } from '../environ/types.js';
import { WebSocketError } from '../environ/websocket/error.js';
import type { BlockingLink, Door, Ending } from '../environ/websocket/link.js';
import { BlockingWebSocket } from '../environ/websocket/websocket.js';
import { openedStarted } from '../interpreter/application-faults.js';
import { checkHandshakeHeaders } from '../interpreter/response-head.js';
import { type Member, type Publication, topics } from '../topics.js';
import type { EnvironBuilder } from './environ-builder.js';
import { keepErrors, MemoryExchange, paired } from './memory-exchange.js';
import type { TestResponse } from './test-response.js';
import type { WebSocketEnd } from './websocket-session.js';

/** A message of the client; undefined: none comes before the timeout of `receive(timeout)` is over. */
export type ScriptedMessage = string | Bytes | undefined;

/**
 * The client's messages, each sent when the application receives it. A generator function is given the WebSocket: what
 * it does between two messages happens then, with all in `sent` that the application had sent before.
 */
export type MessageScript =
  | Iterable<ScriptedMessage>
  | ((socket: ScriptedWebSocket) => Iterable<ScriptedMessage>);

/** RFC 6455 section 1.3. */
const ACCEPT_KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

interface ScriptSettings {
  readonly messages: MessageScript;
  /** How the client closes after its last message. */
  readonly close: WebSocketEnd;
  readonly protocols: readonly string[];
  readonly throwErrors: boolean;
}

/** What became of a WebSocket. */
export class ScriptedWebSocket {
  /** What the application sent so far: text, or bytes as a Buffer. */
  readonly sent: Message[] = [];
  /** The data of its pings. */
  readonly pings: Buffer[] = [];
  /** The subprotocol that it chose; empty for none. */
  protocol = '';
  /** How it was closed, by whichever side was first; undefined while it is open, or if it was refused. */
  end: WebSocketEnd | undefined;
  #response: TestResponse | undefined;

  private constructor() {}

  /** @internal @throws what the application, or the script, throws. */
  static run(
    application: BlockingApplication,
    builder: EnvironBuilder,
    settings: ScriptSettings,
  ): ScriptedWebSocket {
    const { protocols, throwErrors, close, messages } = settings;
    const { method, url } = builder;
    const key = randomBytes(16).toString('base64');
    const socket = new ScriptedWebSocket();
    const named = { method, url };
    const exchange = new MemoryExchange({ named, throwErrors, stream: false, request: named });
    const link = new ScriptedLink(socket, messages, close);
    socket.#response = exchange.runNow<BlockingEnviron>(application, () => {
      const more = handshakeHeaders(key, protocols);
      const environ = builder.buildBlocking(undefined, exchange, exchange.earlyHints, more);
      const door: Door<BlockingLink> = {
        version: 13,
        origin: environ['HTTP_ORIGIN'],
        protocols,
        accept(protocol, _logger, headers) {
          if (exchange.started) throw openedStarted();
          const own = paired(checkHandshakeHeaders(headers));
          socket.protocol = protocol ?? '';
          exchange.openSocket([...answerHeaders(key, protocol), ...own], (code) => link.finish(code));
          return link;
        },
      };
      environ['wsgi.websocket'] = BlockingWebSocket.make(environ, door);
      environ['wsgi.websocket_version'] = '13';
      return { environ, errors: keepErrors(environ) };
    });
    link.throwFailure();
    return socket;
  }

  /** The answer to the handshake: 101, or that with which the application refused it. There once the script is over. */
  get response(): TestResponse {
    if (this.#response !== undefined) return this.#response;
    throw new WebSocketError('The response of a WebSocket is there when its script is over');
  }

  /** False if the handshake was refused: `response` tells how. */
  get accepted(): boolean {
    return this.response.statusCode === 101;
  }
}

class ScriptedLink implements BlockingLink, Member {
  closed = false;
  ended = false;
  ending: Ending | undefined;
  readonly bufferedAmount = 0;
  readonly #socket: ScriptedWebSocket;
  readonly #script: MessageScript;
  readonly #clientClose: WebSocketEnd;
  readonly #topics = new Set<string>();
  #messages: Iterator<ScriptedMessage> | undefined;
  /** What the script threw: the application may have caught it. */
  #failure: { readonly error: unknown } | undefined;

  constructor(socket: ScriptedWebSocket, script: MessageScript, clientClose: WebSocketEnd) {
    this.#socket = socket;
    this.#script = script;
    this.#clientClose = clientClose;
  }

  receive(timeout: number): Message | null | undefined {
    const next = this.#next();
    if (next.done) {
      const { code, reason } = this.#clientClose;
      this.#end(code, reason);
      return null;
    }
    const { value } = next;
    if (value !== undefined) return typeof value === 'string' ? value : Buffer.from(value);
    if (timeout !== Number.POSITIVE_INFINITY) return undefined;
    return this.#fail(
      new WebSocketError('The script has no message, and receive() without a timeout would wait for ever'),
    );
  }

  send(message: string | Bytes, binary: boolean): void {
    // A copy, for the application may fill the same bytes again.
    const bytes = Buffer.from(message as string);
    this.#socket.sent.push(binary ? bytes : bytes.toString());
  }

  ping(data: Bytes): void {
    this.#socket.pings.push(Buffer.from(data));
  }

  subscribe(topic: string): void {
    this.#topics.add(topic);
    topics.join(topic, this);
  }

  unsubscribe(topic: string): void {
    if (this.#topics.delete(topic)) topics.leave(topic, this);
  }

  publish(topic: string, message: string | Bytes): void {
    void topics.publish(topic, message, this);
  }

  onPublication({ message }: Publication): void {
    this.#socket.sent.push(message);
  }

  close(code: number, reason: Bytes): void {
    this.#end(code, Buffer.from(reason).toString());
  }

  finish(code: number): void {
    this.#end(code, '');
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #next(): IteratorResult<ScriptedMessage, unknown> {
    try {
      const script = this.#script;
      this.#messages ??= (typeof script === 'function' ? script(this.#socket) : script)[Symbol.iterator]();
      return this.#messages.next();
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    this.#failure ??= { error };
    throw error;
  }

  #end(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = this.ended = true;
    for (const topic of this.#topics) topics.leave(topic, this);
    this.ending = { code, reason, error: undefined };
    this.#socket.end = { code, reason };
    // Where the application closed first, the rest of the script is not wanted.
    this.#messages?.return?.();
  }
}

/** Flat: name, value, name, value. */
function handshakeHeaders(key: string, protocols: readonly string[]): string[] {
  const headers = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13'];
  headers.push('Sec-WebSocket-Key', key);
  if (protocols.length > 0) headers.push('Sec-WebSocket-Protocol', protocols.join(','));
  return headers;
}

function answerHeaders(key: string, protocol: string | undefined): [string, string][] {
  const accept = createHash('sha1')
    .update(key + ACCEPT_KEY)
    .digest('base64');
  const headers: [string, string][] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', accept],
  ];
  if (protocol !== undefined) headers.push(['Sec-WebSocket-Protocol', protocol]);
  return headers;
}
