/** What the gateway and a thread of Python say to each other: the kinds of frames, and how values travel in them. */
import { ReceiveTimeout, WebSocketError } from '../environ/websocket/error.js';
import { ApplicationError, ClientDisconnected, isRequestError, SlowSubscriber } from '../errors.js';

/** To Python. Each is one letter: lib/python/py/wsgi_gateway/frames.py has the same. */
export const TO_PYTHON = {
  request: 0x52, // R
  ok: 0x4f, // O
  error: 0x58, // X
  bytes: 0x43, // C
  end: 0x5a, // Z
  /** The client has taken so many bytes of the body. */
  taken: 0x41, // A
  /** No more of the body is wanted. */
  gone: 0x51, // Q
  /** A message of the peer, sent ahead: before Python asks for it. */
  text: 0x74, // t
  binary: 0x62, // b
  /** What has become of a WebSocket: bits, see python-socket.ts. */
  news: 0x6e, // n
} as const;

export const FROM_PYTHON = {
  /** start_response: with a number of a call where Python waits for what comes of it. */
  headers: 0x48, // H
  /** A whole response of one block, with its head unless that was sent. */
  response: 0x53, // S
  /** The same with a head that is surely right, and Python is done with the request. */
  whole: 0x4b, // K
  /** The head and the first block. */
  first: 0x49, // I
  block: 0x42, // B
  bodyEnd: 0x45, // E
  write: 0x57, // W
  file: 0x59, // Y
  failed: 0x46, // F
  /** Python is done with the request. */
  done: 0x44, // D
  pull: 0x50, // P
  hints: 0x47, // G
  socket: 0x56, // V
  /** A message for the peer, whose sending Python does not wait for; with 1 in the place of a call it is not compressed. */
  text: 0x6d, // m
  binary: 0x4d, // M
  /** The application has had so many bytes of messages that were sent ahead. */
  received: 0x72, // r
  /** Topics: with a number of a call, but for the end of a subscription. */
  topics: 0x4e, // N
  /** Nothing more is wanted of the calls that are not answered yet. */
  abandon: 0x55, // U
  /** What was printed while the request ran. */
  output: 0x4c, // L
  /** `wsgi.errors`. */
  errors: 0x54, // T
} as const;

const NOTHING = Buffer.alloc(0);

/** JSON with its length before it, and bytes after it. */
export function pack(value: unknown, rest: Uint8Array = NOTHING): Buffer {
  const text = JSON.stringify(value);
  const length = Buffer.byteLength(text);
  const packed = Buffer.allocUnsafe(4 + length + rest.length);
  packed.writeUInt32BE(length, 0);
  packed.write(text, 4);
  packed.set(rest, 4 + length);
  return packed;
}

/** What `pack` made. The bytes are a view. */
export function unpack<T>(payload: Buffer): { readonly value: T; readonly rest: Buffer } {
  const end = 4 + payload.readUInt32BE(0);
  return { value: JSON.parse(payload.toString('utf8', 4, end)) as T, rest: payload.subarray(end) };
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

/** Status and headers that hold no line feed, and the body. The body is a view. */
export function unpackWhole(payload: Buffer): { status: string; headers: [string, string][]; body: Buffer } {
  const end = 4 + payload.readUInt32BE(0);
  const fields = fieldsOf(payload.toString('latin1', 4, end));
  const headers: [string, string][] = [];
  for (let index = 1; index + 1 < fields.length; index += 2) {
    headers.push([fields[index] as string, fields[index + 1] as string]);
  }
  return { status: fields[0] ?? '', headers, body: payload.subarray(end) };
}

/** Heads that were seen: most applications send few different ones. */
const HEADS = new Map<string, readonly string[]>();
const MOST_HEADS = 64;
const LONGEST_HEAD = 512;

function fieldsOf(head: string): readonly string[] {
  const known = HEADS.get(head);
  if (known !== undefined) return known;
  const fields = head.split('\n');
  if (head.length > LONGEST_HEAD) return fields;
  if (HEADS.size >= MOST_HEADS) HEADS.clear();
  HEADS.set(head, fields);
  return fields;
}

/** An error of the gateway, for Python to raise: errors.py has the classes by these names. */
export function packError(error: unknown): Buffer {
  const message = error instanceof Error ? error.message : String(error);
  return pack({ name: nameOf(error), message, status: isRequestError(error) ? error.status : undefined });
}

function nameOf(error: unknown): string {
  if (error instanceof ClientDisconnected) return 'ClientDisconnected';
  if (error instanceof SlowSubscriber) return 'SlowSubscriber';
  if (isRequestError(error)) return 'RequestError';
  if (error instanceof WebSocketError) return error.name;
  if (error instanceof ReceiveTimeout) return 'ReceiveTimeout';
  if (error instanceof ApplicationError) return 'ApplicationError';
  if (error instanceof RangeError) return 'RangeError';
  return error instanceof TypeError ? 'TypeError' : 'Error';
}

/** An exception that Python did not catch. */
export interface ToldException {
  readonly type: string;
  readonly message: string;
  readonly traceback: string;
  /** Of the gateway's own error that it is; 0: it is Python's. */
  readonly call: number;
}
