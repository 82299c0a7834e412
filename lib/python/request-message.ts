/** What Python gets of a request: the keys of environ that it can have, and what goes with them. */
import { BodyInput } from '../environ/input/input.js';
import type { Environ } from '../environ/types.js';

/** Keys that are objects of JavaScript: Python has its own under the same names. */
const OWN = /^(?:wsgi\.(?!url_scheme$)|node\.)/;

/** A value that is not a native string, or has the separator in it. */
const ODD = /[^\x01-\xff]/;

/** A key that has what parts the keys from the values goes as JSON. */
const ODD_KEY = /[^\x02-\xff]/;

const SEPARATOR = '\0';
const KEYS_END = '\x01';

/** Clients choose names of headers: when there are this many layouts, it begins anew, and a key that is longer is not kept. */
const MOST_LAYOUTS = 2000;
const LONGEST_KEY = 256;

// What a key is that does not go as text: an object of JavaScript's own, or for JSON.
const JAVASCRIPT = 0;
const OTHER = 1;

/**
 * The keys that requests have, in their order: most have the same, and Python knows them by heart. One key leads to the next
 * layout.
 */
class Layout {
  readonly next = new Map<string, Layout | typeof JAVASCRIPT | typeof OTHER>();
  readonly #parent: Layout | undefined;
  readonly #key: string;
  #text: string | undefined;

  /** @param key for the first of all, flags. */
  constructor(key: string, parent?: Layout) {
    this.#key = key;
    this.#parent = parent;
  }

  /** Flags and keys. */
  get text(): string {
    this.#text ??= Buffer.from(this.#keys().join(SEPARATOR) + KEYS_END, 'latin1').toString('latin1');
    return this.#text;
  }

  add(key: string): Layout | typeof JAVASCRIPT | typeof OTHER {
    const found = OWN.test(key) ? JAVASCRIPT : ODD_KEY.test(key) ? OTHER : new Layout(key, this);
    if (key.length > LONGEST_KEY) return found;
    if (++layouts > MOST_LAYOUTS) {
      layouts = 0;
      LAYOUTS.clear();
    }
    this.next.set(key, found);
    return found;
  }

  #keys(): string[] {
    return this.#parent === undefined ? [this.#key] : [...this.#parent.#keys(), this.#key];
  }
}

let layouts = 0;
/** By flags. */
const LAYOUTS = new Map<string, Layout>();

function firstLayout(flags: string): Layout {
  const found = LAYOUTS.get(flags) ?? new Layout(flags);
  LAYOUTS.set(flags, found);
  return found;
}

export interface RequestParts {
  /**
   * Flags and the keys of native strings, with a separator between each; their values, in the same way: characters of latin-1.
   * Flags are `h`, there is `wsgi.early_hints`, and `e`, the request has no body.
   */
  readonly text: string;
  /** JSON, if there is anything else. */
  readonly more: string;
}

/** The parts as frames.py reads them: the text after its length, then the JSON. */
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
  let layout = firstLayout(`${environ['wsgi.early_hints'] === undefined ? '' : 'h'}${isEmpty ? 'e' : ''}`);
  let values = '';
  let others: Record<string, unknown> | undefined;
  for (const key of Object.keys(environ)) {
    const next = layout.next.get(key) ?? layout.add(key);
    if (next === JAVASCRIPT) continue;
    const value = environ[key as keyof Environ];
    if (next !== OTHER && typeof value === 'string' && !ODD.test(value)) {
      values += value + SEPARATOR;
      layout = next;
    } else if (typeof value === 'string' || isPlain(value)) {
      others ??= {};
      others[key] = value;
    }
  }
  const hasMore = others !== undefined || environ['wsgi.websocket'] !== undefined;
  return { text: layout.text + values, more: hasMore ? moreOf(environ, others ?? {}) : '' };
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
