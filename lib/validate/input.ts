/** `wsgi.input` under watch: Python's `wsgiref.validate.InputWrapper` and `check_input`, for promises and for bytes. */
import { isUint8Array } from 'node:util/types';
import { REQUEST_SCOPE, RequestScope } from '../current-request.js';
import { andThen, isPromise } from '../environ/maybe-promise.js';
import type { Bytes } from '../environ/types.js';
import { fail, shapeOf, warn } from './violation.js';

type Result<T> = T | PromiseLike<T>;
type Lines = Iterator<unknown> | AsyncIterator<unknown>;

/** Of an event loop, or of a thread that blocks; what it returns is checked. */
interface AnyInput {
  read(...args: unknown[]): Result<unknown>;
  readline(...args: unknown[]): Result<unknown>;
  readlines(...args: unknown[]): Result<unknown>;
  [Symbol.iterator]?(): Lines;
  [Symbol.asyncIterator]?(): Lines;
}

/** How long the body is, as far as the application is told. */
interface InputFacts {
  /** wsgi.input_terminated: reading ends by itself. */
  readonly terminated: boolean;
  /** CONTENT_LENGTH in bytes; 0 where there is none. */
  readonly length: number;
}

export function checkInput(stream: unknown): asserts stream is AnyInput {
  const members = stream as Partial<Record<string | symbol, unknown>> | null | undefined;
  for (const name of ['read', 'readline', 'readlines']) {
    if (typeof members?.[name] !== 'function') fail('input-incomplete', `${shapeOf(stream)} has no ${name}`);
  }
  const open = members?.[Symbol.asyncIterator] ?? members?.[Symbol.iterator];
  if (typeof open !== 'function') fail('input-incomplete', `${shapeOf(stream)} cannot be iterated`);
}

/** The stream of an application: the rules of both its sides, and no member that PEP 3333 does not name. */
export function validatedInput(stream: unknown, facts: InputFacts): object {
  checkInput(stream);
  return hideMembers(new ValidatedInput(stream, facts), stream);
}

class ValidatedInput {
  readonly #inner: AnyInput;
  readonly #facts: InputFacts;
  #consumed = 0;
  /** Here only if the server's stream has them. */
  declare [Symbol.iterator]?: () => unknown;
  declare [Symbol.asyncIterator]?: () => unknown;
  /** For the temporary files of forms. */
  readonly [REQUEST_SCOPE]: RequestScope | undefined;

  constructor(inner: AnyInput, facts: InputFacts) {
    this.#inner = inner;
    this[REQUEST_SCOPE] = RequestScope.of(inner);
    this.#facts = facts;
    for (const symbol of [Symbol.iterator, Symbol.asyncIterator] as const) {
      if (typeof inner[symbol] === 'function') {
        this[symbol] = () => new ValidatedLines(inner[symbol]?.() as Lines);
      }
    }
  }

  read(...args: unknown[]): unknown {
    if (args.length > 1) fail('input-read-arguments', `it got ${args.length} arguments`);
    const size = checkSize('read', args[0]);
    const { terminated, length } = this.#facts;
    if (!terminated && size === undefined) warn('input-read-all', 'it has none');
    if (!terminated && size !== undefined && this.#consumed + size > length) {
      warn('input-beyond-length', `it asked for ${size} bytes, and ${length - this.#consumed} are left`);
    }
    return andThen(this.#inner.read(...args), (block) => this.#taken('read', block, size));
  }

  readline(...args: unknown[]): unknown {
    if (args.length > 1) fail('input-readline-arguments', `readline got ${args.length}`);
    const size = checkSize('readline', args[0]);
    if (!this.#facts.terminated && size === undefined) warn('input-readline-all', 'it has none');
    return andThen(this.#inner.readline(...args), (line) => this.#taken('readline', line, size));
  }

  readlines(...args: unknown[]): unknown {
    if (args.length > 1) fail('input-readline-arguments', `readlines got ${args.length}`);
    checkSize('readlines', args[0]);
    return andThen(this.#inner.readlines(...args), (lines) => {
      if (!Array.isArray(lines)) fail('input-not-bytes', `readlines gave ${shapeOf(lines)}`);
      for (const line of lines) this.#taken('readlines', line, undefined);
      return lines;
    });
  }

  close(): void {
    fail('input-closed', 'it called close()');
  }

  #taken(method: string, block: unknown, size: number | undefined): Bytes {
    if (!isUint8Array(block)) fail('input-not-bytes', `${method} gave ${shapeOf(block)}`);
    if (size !== undefined && block.length > size) {
      fail('input-too-much', `${method}(${size}) gave ${block.length}`);
    }
    this.#consumed += block.length;
    return block;
  }
}

/** The size that is asked for; undefined for all of it. */
function checkSize(method: string, size: unknown): number | undefined {
  if (size === undefined || size === null) return undefined;
  if (!Number.isInteger(size)) fail('input-size', `${method} got ${shapeOf(size)}`);
  if ((size as number) >= 0) return size as number;
  warn('input-negative-size', `${method} got ${size}`);
  return undefined;
}

/** Either kind of iterator: its steps are promises exactly if the server's are. */
class ValidatedLines {
  readonly #inner: Lines;

  constructor(inner: Lines) {
    this.#inner = inner;
  }

  next(): Result<IteratorResult<unknown>> {
    return andThen(this.#inner.next(), (step) => {
      if (!step.done && !isUint8Array(step.value)) {
        fail('input-not-bytes', `iteration gave ${shapeOf(step.value)}`);
      }
      return step;
    });
  }

  return(): Result<IteratorResult<unknown>> {
    const done = { done: true, value: undefined } as const;
    const result = this.#inner.return?.();
    return isPromise(result) ? result : (result ?? done);
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * Members that PEP 3333 does not name: an application that uses one runs on few servers. Those of Python's files and of
 * Node's streams are refused when called, even where the server's stream has none.
 */
const FOREIGN = new Set(['seek', 'tell', 'seekable', 'fileno', 'pipe', 'on', 'once', 'pause', 'resume']);

/**
 * Not refused, but absent, also where the server's stream has it: code that looks for it before use (as it should, our
 * `fromNodeHandler` for one) falls back to `read`.
 */
const OPTIONAL = new Set(['read1']);

/** `members` alone, and for whatever else `inner` has a function that throws. */
function hideMembers(members: object, inner: object): object {
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
