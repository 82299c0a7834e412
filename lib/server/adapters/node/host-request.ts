/** What a host did with a request before the application got it: its mount point, its headers, its body. */
import type { IncomingMessage } from 'node:http';
import type { BodySource } from '../../../environ/input/input.js';
import { isNative, quotedStart, textToNative, unquoteToNative } from '../../../environ/native-string.js';
import { ApplicationError } from '../../../errors.js';

/** What hosts leave on a request. */
export interface HostedMessage extends IncomingMessage {
  /** As sent. Express, Connect. */
  originalUrl?: unknown;
  /** What was taken off it. Express. */
  baseUrl?: unknown;
}

export interface Mount {
  /** SCRIPT_NAME. */
  readonly scriptName: string;
  /** The target with the mount point in it, and with what middleware of the host rewrote. */
  readonly target: string;
  /** As sent. */
  readonly uri: string;
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/** Node's parser lets no character beyond ASCII through: one in a target is text, which a host has decoded. */
export function mountOf(message: HostedMessage): Mount {
  const url = textToNative(message.url as string);
  const { originalUrl, baseUrl } = message;
  if (typeof originalUrl !== 'string' || originalUrl === message.url) {
    return { scriptName: '', target: url, uri: url };
  }
  const [origin, seen] = split(url);
  const path = pathOf(seen);
  const whole = pathOf(split(textToNative(originalUrl))[1]);
  const base = typeof baseUrl === 'string' ? textToNative(baseUrl) : stripped(whole, path);
  const scriptName = unquoteToNative(base);
  const target = base + asSent(whole, scriptName, path) + seen.slice(path.length);
  // Hosts turn what is left of the mount point itself into "/", which would be another path.
  const isMount = unquoteToNative(whole) === scriptName && path.startsWith('/');
  return {
    scriptName,
    target: origin + (isMount ? base + seen.slice(1) : target),
    uri: textToNative(originalUrl),
  };
}

/** What Connect took off: it does not say. The host may have decoded the rest. */
function stripped(whole: string, path: string): string {
  if (whole.endsWith(path)) return whole.slice(0, whole.length - path.length);
  if (path === '/') return whole;
  const decoded = unquoteToNative(whole);
  const rest = [path, unquoteToNative(path)].find((one) => decoded.endsWith(one));
  return rest === undefined ? '' : quotedStart(whole, decoded.length - rest.length);
}

/** A path that the host has decoded, as it came: it must not be decoded twice. */
function asSent(whole: string, scriptName: string, path: string): string {
  const decoded = unquoteToNative(whole);
  const rest = decoded.slice(scriptName.length);
  if (!decoded.startsWith(scriptName) || (rest !== path && rest !== unquoteToNative(path))) return path;
  return whole.slice(quotedStart(whole, scriptName.length).length);
}

function split(url: string): [origin: string, rest: string] {
  const origin = ORIGIN.exec(url)?.[0] ?? '';
  return [origin, url.slice(origin.length)];
}

function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/**
 * Middleware adds, replaces and deletes in `req.headers`. What was sent more than once stands there joined or shortened
 * by Node: of that, middleware can only delete.
 * @returns flat: name, value, name, value.
 */
export function hostHeaders({ headers, rawHeaders }: IncomingMessage): string[] {
  const times = new Map<string, number>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  const flat: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (isSet(headers[name]) && times.get(name) !== 1) flat.push(name, rawHeaders[i + 1] as string);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!isSet(value) || (times.get(name) ?? 0) > 1) continue;
    for (const one of Array.isArray(value) ? value : [value]) flat.push(name, asNative(String(one)));
  }
  return flat;
}

/** Middleware that takes a header away may leave null in its place. */
function isSet<T>(value: T | undefined | null): value is T {
  return value !== undefined && value !== null;
}

/** A client sends bytes; of a host, it may be text. */
function asNative(value: string): string {
  return isNative(value) ? value : textToNative(value);
}

/** What body parsers leave on a request. */
interface ParsedMessage extends IncomingMessage {
  /** By custom, the bytes as they came. */
  rawBody?: unknown;
  /** The same from a parser such as `express.raw()` or `express.text()`; from others, something else. */
  body?: unknown;
}

/** True if bytes of the body were taken, so that `wsgi.input` cannot read it from its start. */
export function wasRead(message: IncomingMessage): boolean {
  return message.readableDidRead;
}

/** @throws ApplicationError if the bytes were not kept. */
export function keptBody({ rawBody, body, headers }: ParsedMessage): Buffer {
  const declared = headers['content-length'];
  const length = declared === undefined ? undefined : Number(declared);
  const coding = headers['content-encoding'] ?? 'identity';
  for (const candidate of [rawBody, body]) {
    // Parsers undo the coding that the header still names.
    const bytes = coding === 'identity' ? toBytes(candidate, length) : undefined;
    if (bytes !== undefined && (length === undefined || bytes.length === length)) return bytes;
  }
  throw new ApplicationError(
    'The body of this request was read before the application got it: mount the application before any body ' +
      'parser, or have the parser keep the bytes, as express.raw() does (req.body) or others in req.rawBody',
  );
}

/** Text only where its length can be compared, and nothing in it was malformed: then it is what came. */
function toBytes(value: unknown, length: number | undefined): Buffer | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value !== 'string' || length === undefined || value.includes('\ufffd')) return undefined;
  return Buffer.from(value);
}

/** A body that is all there. */
export class KeptBody implements BodySource {
  #bytes: Buffer | null;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  pull(): Promise<Buffer | null> {
    const bytes = this.#bytes;
    this.#bytes = null;
    return Promise.resolve(bytes);
  }

  /** All of it, unless it is longer. */
  takeWhole(most: number): Buffer | undefined {
    return this.#bytes === null || this.#bytes.length > most ? undefined : this.#bytes;
  }
}
