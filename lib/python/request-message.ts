/** What Python gets of a request: the keys of environ that it can have, and what goes with them. */
import { BodyInput } from '../environ/input/input.js';
import type { Environ } from '../environ/types.js';

/** Keys that are objects of JavaScript: Python has its own under the same names. */
const OWN = /^(?:wsgi\.(?!url_scheme$)|node\.)/;

/** What is not a native string, or has the separator in it. */
const ODD = /[^\x01-\xff]/;

const SEPARATOR = '\0';

// What a key is: an object of JavaScript's own, a native string, or for JSON.
const JAVASCRIPT = 0;
const NATIVE = 1;
const OTHER = 2;

/** Of keys that were seen: most requests have the same. */
const KINDS = new Map<string, number>();
/** Clients choose names of headers. */
const MOST_KINDS = 500;

function kindOf(key: string): number {
  const kind = OWN.test(key) ? JAVASCRIPT : ODD.test(key) ? OTHER : NATIVE;
  if (KINDS.size < MOST_KINDS) KINDS.set(key, kind);
  return kind;
}

export interface RequestParts {
  /**
   * Flags and native strings, with a separator between each: characters of latin-1. Flags are `h`, there is
   * `wsgi.early_hints`, and `e`, the request has no body.
   */
  readonly text: string;
  /** JSON, if there is anything else. */
  readonly more: string;
}

/** The parts as channel.py reads them: the text after its length, then the JSON. */
export function requestMessage(environ: Environ): Buffer {
  const { text, more } = requestParts(environ);
  const message = Buffer.allocUnsafe(4 + text.length + Buffer.byteLength(more));
  message.writeUInt32BE(text.length, 0);
  message.write(text, 4, 'latin1');
  if (more !== '') message.write(more, 4 + text.length);
  return message;
}

export function requestParts(environ: Environ): RequestParts {
  const input: unknown = environ['wsgi.input'];
  const isEmpty = input instanceof BodyInput && input.isEmpty;
  let text = `${environ['wsgi.early_hints'] === undefined ? '' : 'h'}${isEmpty ? 'e' : ''}`;
  const others: Record<string, unknown> = {};
  let hasOthers = false;
  for (const key of Object.keys(environ)) {
    const kind = KINDS.get(key) ?? kindOf(key);
    if (kind === JAVASCRIPT) continue;
    const value = environ[key as keyof Environ];
    if (kind === NATIVE && typeof value === 'string' && !ODD.test(value)) {
      text += SEPARATOR + key + SEPARATOR + value;
    } else if (typeof value === 'string' || isPlain(value)) {
      others[key] = value;
      hasOthers = true;
    }
  }
  const more = hasOthers || environ['wsgi.websocket'] !== undefined ? moreOf(environ, others) : '';
  return { text, more };
}

function moreOf(environ: Environ, others: Readonly<Record<string, unknown>>): string {
  const socket = environ['wsgi.websocket'];
  return JSON.stringify({
    environ: others,
    socket:
      socket === undefined
        ? null
        : { version: socket.version, origin: socket.origin ?? null, protocols: socket.protocols },
  });
}

/** What middleware and deployers add, where it means the same in both languages. */
function isPlain(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > 4) return false;
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every((item) => isPlain(item, depth + 1));
}
