/** What the I/O thread and a thread with a handler send each other, and how that is written in a frame. */
import type { ConnectionFacts, RequestHead } from '../../../environ/environ.js';
import { FrameTooLargeError, ProtocolError, WebSocketError } from '../../../environ/websocket/error.js';
import {
  ApplicationError,
  ClientDisconnected,
  ContentTooLarge,
  RequestError,
  RequestTimeout,
  SlowSubscriber,
  WsgiError,
} from '../../../errors.js';
import type { ResponseHead } from '../../../interpreter/sink.js';
import type { HandshakeRequest } from '../../websocket/handshake.js';

/** Frames from a thread. */
export const FROM_THREAD = {
  /** A whole response: head and body. */
  response: 1,
  head: 2,
  chunk: 3,
  end: 4,
  abort: 5,
  /** The thread has finished with the request. */
  done: 6,
  /** It wants the body of the request. */
  pull: 7,
  earlyHints: 8,
  /** The whole request head, which was too long for the queue. */
  fetchHead: 9,
  accept: 10,
  receive: 11,
  text: 12,
  binary: 13,
  close: 14,
  ping: 15,
  /** It waits for `ThreadLine.tellBuffered`. */
  buffered: 16,
  /** As `response`, with a body in blocks, which is counted until the client has taken all of it. */
  largeResponse: 17,
  /** Its WebSocket subscribes to a topic, whose name is the text: bytes of UTF-8. */
  join: 18,
  leave: 19,
  /** To all members of the topic that is the text. These and what follows may belong to no request. */
  publishText: 20,
  publishBinary: 21,
  /** `subscribe()`: a number, which the thread chose, and the topic. */
  follow: 22,
  /** The rest have that number. */
  unfollow: 23,
  /** It wants the next messages. */
  next: 24,
} as const;

/** About topics, whatever request it came with. */
export function isForTopics(type: number): boolean {
  return type >= FROM_THREAD.publishText && type <= FROM_THREAD.next;
}

/** To a thread, over its port: in answer to `next`. */
export interface TopicReport {
  readonly followed: number;
  readonly messages: readonly (string | Uint8Array)[];
  /** No more will come; with an error, for which it was ended. */
  readonly end?: { readonly error?: string } | undefined;
}

const CHARGED: ReadonlySet<number> = new Set([
  FROM_THREAD.chunk,
  FROM_THREAD.largeResponse,
  FROM_THREAD.text,
  FROM_THREAD.binary,
  FROM_THREAD.ping,
  FROM_THREAD.publishText,
  FROM_THREAD.publishBinary,
]);

/** The bytes of these frames are counted until the client has taken them. */
export function isCharged(type: number): boolean {
  return CHARGED.has(type);
}

/** Frames to a thread. */
export const TO_THREAD = {
  head: 32,
  body: 33,
  /** Bytes of the body, without these: they come with their memory, over the thread's `bodies`. */
  movedBody: 40,
  bodyEnd: 34,
  /** In answer to `pull` or `accept`. */
  error: 35,
  accepted: 36,
  text: 37,
  binary: 38,
  /** No message will come. */
  ended: 39,
} as const;

/** Flag of any frame: the next one of its type continues it. */
export const MORE = 1;
/** Flag of `text`, `binary` and `join`: compress. */
export const COMPRESS = 2;
/** Flag of `chunk`: the handler has no more to send after it. */
export const LAST = 4;

/** Flag of `publishText` and `publishBinary`: not to the WebSocket of the request. */
export const OTHERS = 8;

/** Flag of a queued request: the thread has to ask for its body. */
export const HAS_BODY = 1;
/** Flag of a queued request: its body is with it. */
export const WHOLE_BODY = 2;

/** No header, target or address of a client holds a line feed (RFC 9112 sections 3 and 5); those of a host may. */
const SEPARATOR = '\n';

export interface RequestMessage {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  /** Of an upgrade request that was checked: the application may open its WebSocket. */
  readonly handshake: HandshakeRequest | undefined;
  /** Of a request that came through another framework's server. */
  readonly mount: Mount | undefined;
}

/** What a host took off the target of a request. */
export interface Mount {
  /** SCRIPT_NAME, unless the option says otherwise. */
  readonly scriptName: string;
  /** The target as it was sent. */
  readonly uri: string;
}

/** What few requests have; `head` and `connection`, where a host has put a line feed into one, are here in place of plain fields. */
interface RareFields extends Partial<RequestMessage> {
  readonly variables?: ConnectionFacts['variables'];
}

const NO_HEAD = { method: '', url: '', rawHeaders: [] };
const NO_CONNECTION = { remoteAddr: '', remotePort: '', serverName: '', serverPort: '' };

function holdsSeparator({ method, url, rawHeaders }: RequestHead): boolean {
  return [method, url, ...rawHeaders].some((text) => text?.includes(SEPARATOR));
}

/** Checked with every request: the name of a server and the address of a client are also an option's, and a host's. */
function isOdd({ remoteAddr, remotePort, serverName, serverPort }: ConnectionFacts): boolean {
  return (
    remoteAddr.includes(SEPARATOR) ||
    serverName.includes(SEPARATOR) ||
    serverPort.includes(SEPARATOR) ||
    remotePort?.includes(SEPARATOR) === true
  );
}

export function encodeRequest(
  head: RequestHead,
  connection: ConnectionFacts,
  handshake: HandshakeRequest | undefined,
  mount?: Mount,
): string {
  const { httpVersionMajor, httpVersionMinor } = head;
  const { scheme, variables } = connection;
  const oddPeer = isOdd(connection) ? factsOf(connection) : undefined;
  const {
    remoteAddr,
    remotePort = '',
    serverName,
    serverPort,
  } = oddPeer === undefined ? connection : NO_CONNECTION;
  const odd = mount !== undefined && holdsSeparator(head) ? head : undefined;
  const { method, url, rawHeaders } = odd === undefined ? head : NO_HEAD;
  // Rare: most requests have none.
  const plain =
    handshake === undefined && mount === undefined && variables === undefined && oddPeer === undefined;
  const rare = plain ? '' : JSON.stringify({ handshake, mount, variables, head: odd, connection: oddPeer });
  const text = `${rare}\n${method}\n${url}\n${httpVersionMajor}\n${httpVersionMinor}\n${scheme}\n${remoteAddr}\n${remotePort}\n${serverName}\n${serverPort}`;
  return rawHeaders.length === 0 ? text : text + SEPARATOR + rawHeaders.join(SEPARATOR);
}

/** A connection has more than its facts. */
function factsOf(connection: ConnectionFacts): ConnectionFacts {
  const { scheme, remoteAddr, remotePort, serverName, serverPort, variables } = connection;
  return { scheme, remoteAddr, remotePort, serverName, serverPort, variables };
}

/** Fields of a request before its headers. */
const REQUEST_FIELDS = 10;

export function decodeRequest(text: string): RequestMessage {
  const fields = text.split(SEPARATOR);
  const [rare, method, url, major, minor, scheme, remoteAddr, remotePort, serverName, serverPort] =
    fields as [string, string, string, string, string, 'http' | 'https', string, string, string, string];
  const rawHeaders = fields.slice(REQUEST_FIELDS);
  const { variables, ...more } = rare === '' ? {} : (JSON.parse(rare) as RareFields);
  return {
    head: {
      method,
      url,
      httpVersionMajor: Number(major),
      httpVersionMinor: Number(minor),
      rawHeaders,
    },
    connection: {
      scheme,
      remoteAddr,
      remotePort: remotePort || undefined,
      serverName,
      serverPort,
      variables,
    },
    handshake: undefined,
    mount: undefined,
    ...more,
  };
}

// Bits of a response head.
const HAS_LENGTH = 1;
const BODILESS = 2;
const HAS_SERVER = 4;
const CLOSE = 8;

export function encodeHead(head: ResponseHead): string {
  const bits =
    (head.hasLength ? HAS_LENGTH : 0) |
    (head.bodiless ? BODILESS : 0) |
    (head.hasServer ? HAS_SERVER : 0) |
    (head.close ? CLOSE : 0);
  const text = `${head.status}\n${bits}\n${head.reason}`;
  return head.headers.length === 0 ? text : text + SEPARATOR + head.headers.join(SEPARATOR);
}

export function decodeHead(text: string): ResponseHead {
  const fields = text.split(SEPARATOR);
  const bits = Number(fields[1]);
  return {
    status: Number(fields[0]),
    reason: fields[2] as string,
    headers: fields.slice(3),
    hasLength: (bits & HAS_LENGTH) !== 0,
    bodiless: (bits & BODILESS) !== 0,
    hasServer: (bits & HAS_SERVER) !== 0,
    close: (bits & CLOSE) !== 0,
  };
}

/** Of strings without a line feed. A list of one empty string comes back as an empty list. */
export function encodeList(list: readonly string[]): string {
  return list.join(SEPARATOR);
}

export function decodeList(text: string): string[] {
  return text === '' ? [] : text.split(SEPARATOR);
}

/** Those that have a code of their own do not look at the one they are given. */
const KNOWN_ERRORS: readonly (new (message: string, code: WsgiError['code']) => WsgiError)[] = [
  ClientDisconnected,
  ContentTooLarge,
  RequestTimeout,
  FrameTooLargeError,
  ProtocolError,
  WebSocketError,
  SlowSubscriber,
];

/** An error as text: the other side makes an instance of the same class. */
interface ErrorMessage {
  readonly name: string;
  readonly code: WsgiError['code'];
  readonly message: string;
  readonly status?: number;
}

export function encodeError(error: unknown): Buffer {
  const known = error instanceof WsgiError ? error : new ApplicationError(String(error));
  const { name, code, message } = known;
  const status = known instanceof RequestError ? { status: known.status } : {};
  return Buffer.from(JSON.stringify({ name, code, message, ...status } satisfies ErrorMessage));
}

export function decodeError(bytes: Buffer): WsgiError {
  const { name, code, message, status = 400 } = JSON.parse(bytes.toString()) as ErrorMessage;
  if (name === RequestError.name) return new RequestError(status, message, code);
  const Known = KNOWN_ERRORS.find((one) => one.name === name);
  return Known === undefined ? new ApplicationError(message) : new Known(message, code);
}
