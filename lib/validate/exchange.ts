/** One request as one validator sees it: what happened, what was sent, and the validators around and inside. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Bytes, ErrorStream } from '../environ/types.js';
import { fail, warn } from './violation.js';

type Dict = Readonly<Record<string, unknown>>;

/** The body that an application returned. It does not hold the body, so that its loss can be seen. */
export interface Lifetime {
  closed: boolean;
  readonly request: string;
}

export class Exchange {
  /** The validator on the outside of the middleware that called this application, if there is one. */
  readonly parent: Exchange | undefined;
  /** The validators on its inside. */
  readonly children: Exchange[] = [];
  readonly root: Exchange;
  readonly isHead: boolean;
  readonly #environ: Dict;

  /** The call of the application is over. */
  returned = false;
  /** start_response was called, and then: with success. */
  called = false;
  accepted = false;
  /** start_response threw on exc_info, which the application must not survive. */
  doomed = false;

  /** What start_response was given last. */
  status = 0;
  declared: number | undefined;
  /** Bytes of body, and items of the iterable. */
  sent = 0;
  items = 0;
  iterating = false;
  body: Lifetime | undefined;

  constructor(environ: Dict, parent: Exchange | undefined) {
    this.parent = parent;
    this.root = parent?.root ?? this;
    parent?.children.push(this);
    this.isHead = environ['REQUEST_METHOD'] === 'HEAD';
    this.#environ = environ;
  }

  /** An open WebSocket is the response: what the application returns is ignored then. */
  get hijacked(): boolean {
    const websocket = this.#environ['wsgi.websocket'] as { opened?: unknown } | null | undefined;
    return websocket?.opened === true;
  }

  /** For messages: without the path, which may hold secrets. */
  get request(): string {
    return `${this.#environ['REQUEST_METHOD']} request`;
  }

  /** The bodies inside that are still open. */
  openChildren(): Lifetime[] {
    return this.children.flatMap(({ body }) => (body === undefined || body.closed ? [] : [body]));
  }
}

const running = new AsyncLocalStorage<Exchange>();
const byErrors = new WeakMap<object, Exchange>();

/** Whatever `work` calls, now or later, is called on behalf of this exchange. */
export function within<T>(exchange: Exchange, work: () => T): T {
  return running.run(exchange, work);
}

/** Marks the environ that goes to the application: `wsgi.errors` is what middleware replaces least. */
export function mark(errors: ErrorStream, exchange: Exchange): void {
  byErrors.set(errors, exchange);
}

/**
 * The exchange whose application is making this call for the same request. One that only shares the thread of calls,
 * such as a test client in an application, does not count.
 */
export function outerExchange(environ: Dict): Exchange | undefined {
  const outer = running.getStore();
  if (outer === undefined) return undefined;
  const errors = environ['wsgi.errors'] as object;
  return byErrors.get(errors)?.root === outer.root ? outer : undefined;
}

/** 205 too must have no content (RFC 9110 section 15.3.6). */
const BODILESS = new Set([204, 205, 304]);

/** Counts the bytes of a response, from write and from the iterable, against what its head promised. */
export function countBytes(exchange: Exchange, block: Bytes): void {
  if (block.length === 0) return;
  const { status, declared } = exchange;
  if (exchange.isHead) fail('body-on-head', `it has a block of ${block.length} bytes`);
  if (BODILESS.has(status))
    fail('body-not-allowed', `that of ${status} has a block of ${block.length} bytes`);
  exchange.sent += block.length;
  if (declared !== undefined && exchange.sent > declared) {
    fail('content-length-mismatch', `declared ${declared}, given ${exchange.sent} or more`);
  }
}

/** At the end of the body: on HEAD and 304 the header tells of another response (RFC 9110 section 8.6). */
export function checkTotal(exchange: Exchange): void {
  const { declared, sent, status } = exchange;
  if (declared === undefined || exchange.isHead || BODILESS.has(status)) return;
  if (sent !== declared) fail('content-length-mismatch', `declared ${declared}, given ${sent}`);
}

const LARGE = 1024 * 1024;
const SMALL = 16;
const MANY = 1000;

/** Warns of items that are slow to send: very large, for they are held as a whole, or many and very small. */
export function itemSizes(): (block: Bytes) => void {
  let small = 0;
  return (block) => {
    if (block.length > LARGE) warn('item-size', `one has ${block.length} bytes`);
    if (block.length < SMALL && ++small > MANY)
      warn('item-size', `more than ${MANY} have less than ${SMALL} bytes`);
  };
}
