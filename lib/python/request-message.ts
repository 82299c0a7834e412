/** What Python gets of a request: the keys of environ that it can have, and what goes with them. */
import type { Environ } from '../environ/types.js';

/** Keys that are objects of JavaScript: Python has its own under the same names. */
const OWN = /^(?:wsgi\.(?!url_scheme$)|node\.)/;

/** The request as JSON; files in Python: request.py. */
export function requestMessage(environ: Environ): Buffer {
  const told: Record<string, unknown> = {};
  for (const key of Object.keys(environ)) {
    if (OWN.test(key)) continue;
    const value = environ[key as keyof Environ];
    if (typeof value === 'string' || isPlain(value)) told[key] = value;
  }
  const socket = environ['wsgi.websocket'];
  return Buffer.from(
    JSON.stringify({
      environ: told,
      hints: environ['wsgi.early_hints'] !== undefined,
      socket:
        socket === undefined
          ? null
          : { version: socket.version, origin: socket.origin ?? null, protocols: socket.protocols },
    }),
  );
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
