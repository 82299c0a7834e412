/** The members of `wsgi.input` that PEP 3333 does not name: an application that uses one runs on few servers. */
import { fail } from './violation.js';

/** Of Python's files and of Node's streams: refused when called, even where the server's stream has none. */
const FOREIGN = new Set(['seek', 'tell', 'seekable', 'fileno', 'pipe', 'on', 'once', 'pause', 'resume']);

/**
 * Not refused, but absent, also where the server's stream has it: who looks for it before use (as one should, our
 * `fromNodeHandler` for one) falls back on `read`.
 */
const OPTIONAL = new Set(['read1']);

/** `members` alone, and for whatever else `inner` has a function that throws. */
export function hideMembers(members: object, inner: object): object {
  return new Proxy(members, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      // Bound, because private fields are out of reach through a proxy.
      if (typeof value === 'function' && key !== 'constructor') return value.bind(target);
      if (value !== undefined || typeof key === 'symbol' || key === 'then' || OPTIONAL.has(key)) return value;
      if (!FOREIGN.has(key) && !(key in inner)) return undefined;
      return () => fail('input-other-member', `it used ${key}`);
    },
    set(_target, key) {
      return fail('input-other-member', `it set ${String(key)}`);
    },
    deleteProperty(_target, key) {
      return fail('input-other-member', `it deleted ${String(key)}`);
    },
  });
}
