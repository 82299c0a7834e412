/**
 * A message as it travels between servers: a line of JSON, which says where it comes from and what it is, and its bytes.
 *
 *   {"v":1,"from":"rT0nXv2bQk3a","n":17,"topic":"news","type":"text"}\n
 *   the message: UTF-8 for `text`, any bytes for `binary`
 *
 * `from` is a random name that a server takes when it starts, and `n` counts what it publishes: so it knows its own
 * messages, and those that come twice. A later version may add members, which this one ignores; a change that this one would
 * misread has another `v`.
 */
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

const VERSION = 1;
const LINE_END = 0x0a;
/** As many of the last messages are remembered: copies of one come soon after each other. */
const REMEMBERED = 1024;

export interface WireMessage {
  readonly topic: string;
  /** Text, or bytes: those of the frame itself, not a copy. */
  readonly message: string | Uint8Array;
}

/** What a frame has to say in its first line. */
interface Head {
  readonly v: 1;
  readonly from: string;
  readonly n: number;
  readonly topic: string;
  readonly type: 'text' | 'binary';
}

/** Something that is not a message of this format, or one of a version that is not known here. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

export class Wire {
  /** The name of this server among the others. */
  readonly origin: string;
  readonly #start: string;
  #count = 0;
  readonly #seen = new Set<string>();

  /** @param origin default: a random one. */
  constructor(origin: string = randomBytes(9).toString('base64url')) {
    this.origin = origin;
    this.#start = `{"v":${VERSION},"from":${JSON.stringify(origin)},"n":`;
  }

  /** The frame of a message of this server; each has a number of its own. */
  pack(topic: string, message: string | Uint8Array): Buffer {
    const isText = typeof message === 'string';
    const type = isText ? 'text' : 'binary';
    const head = `${this.#start}${++this.#count},"topic":${JSON.stringify(topic)},"type":"${type}"}\n`;
    return isText ? Buffer.from(head + message) : Buffer.concat([Buffer.from(head), message]);
  }

  /**
   * What a frame of another server holds; undefined for one of this server, and for one that came before.
   * @throws WireError
   */
  unpack(frame: Uint8Array): WireMessage | undefined {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    const end = bytes.indexOf(LINE_END);
    const { from, n, topic, type } = readHead(bytes.toString('utf8', 0, end === -1 ? bytes.length : end));
    if (from === this.origin || this.#isKnown(`${n} ${from}`)) return undefined;
    const message = bytes.subarray(end === -1 ? bytes.length : end + 1);
    return { topic, message: type === 'text' ? message.toString('utf8') : message };
  }

  #isKnown(id: string): boolean {
    const seen = this.#seen;
    if (seen.has(id)) return true;
    seen.add(id);
    // A Set keeps the order in which things were added.
    if (seen.size > REMEMBERED) for (const oldest of seen) return !seen.delete(oldest);
    return false;
  }
}

function readHead(line: string): Head {
  let head: unknown;
  try {
    head = JSON.parse(line);
  } catch {
    head = undefined;
  }
  if (typeof head !== 'object' || head === null) {
    throw new WireError(`it begins with ${shown(line)}, not with a line of JSON`);
  }
  const { v, from, n, topic, type } = head as { readonly [K in keyof Head]?: unknown };
  if (typeof v === 'number' && v > VERSION) {
    throw new WireError(`it is of version ${v}, and this server knows ${VERSION}: update this server`);
  }
  const fits =
    v === VERSION &&
    typeof from === 'string' &&
    Number.isSafeInteger(n) &&
    typeof topic === 'string' &&
    (type === 'text' || type === 'binary');
  if (!fits) throw new WireError(`its first line ${shown(line)} lacks v, from, n, topic or type`);
  return head as Head;
}

function shown(line: string): string {
  return inspect(line, { maxStringLength: 200 });
}
