/** What an application answers, copied up to a limit while it goes to its client as it is. */
import { FileWrapper } from '../../environ/file/file-wrapper.js';
import { andThen, asPromise, ignore, isPromise } from '../../environ/maybe-promise.js';
import type {
  AnyEnviron,
  ApplicationOn,
  Body,
  Bytes,
  HeaderList,
  MaybePromise,
  StartResponse,
} from '../../environ/types.js';
import { ClientDisconnected } from '../../errors.js';

type Puller = { next(): MaybePromise<IteratorResult<Bytes, unknown>>; return?(): unknown };
type AnyIterable = { readonly [key: symbol]: unknown; readonly length?: unknown; close?(): unknown };

/** One answer, as it can be sent to a thread. */
export interface AnswerCopy {
  readonly status: string;
  readonly headers: HeaderList;
  /** The first `limit` bytes of the body. */
  readonly bytes: Uint8Array;
  /** There were more. */
  readonly over: boolean;
  /** The body ended before its end: the application threw, or its client left. */
  readonly cut: boolean;
  /** Why there is no answer. */
  readonly failure?: string | undefined;
}

export interface CaptureOptions {
  readonly budget?: Budget | undefined;
  readonly onOver?: (() => void) | undefined;
  readonly onClose?: (() => void) | undefined;
}

/** Bytes that all copies of one mirror may hold together. */
export class Budget {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False if there is no room for as many. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#most) return false;
    this.#held += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}

/**
 * Keeps a copy of one answer. The response stays as it was: a list is returned itself, and the gateway still knows how
 * long it or a file is; what is synchronous stays so; nothing is collected, and `close()` is passed on.
 */
export class CapturedAnswer {
  readonly #limit: number;
  readonly #budget: Budget | undefined;
  readonly #onOver: () => void;
  /** Called when the gateway closes the body; undefined where something else tells that the answer is over. */
  readonly #onClose: (() => void) | undefined;
  #status: string | undefined;
  #headers: HeaderList = [];
  #blocks: Bytes[] = [];
  #size = 0;
  #held = 0;
  #over = false;
  #complete = false;
  #failure: string | undefined;
  #clientLeft = false;
  #environ: AnyEnviron | undefined;
  /** There was no room for the copy. */
  #dropped = false;

  /** @param limit of bytes that are kept. `onOver` is called once, when there are more. */
  constructor(limit: number, { budget, onOver, onClose }: CaptureOptions = {}) {
    this.#limit = limit;
    this.#budget = budget;
    this.#onOver = onOver ?? ignore;
    this.#onClose = onClose;
  }

  call<E extends AnyEnviron>(
    application: ApplicationOn<E>,
    environ: E,
    start_response: StartResponse,
  ): MaybePromise<Body> {
    this.#environ = environ;
    const start: StartResponse = (...args) => {
      const write = start_response(...args);
      this.#status = args[0];
      this.#headers = args[1].map(([name, value]) => [name, value] as const);
      return (data) => {
        this.#take(data);
        return write(data);
      };
    };
    try {
      const result = application(environ, start);
      if (!isPromise<Body>(result)) return this.#tee(result);
      return asPromise(result).then(
        (body) => this.#tee(body),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** To be called when the answer is over. Undefined if there was no room for the copy. */
  copy(): AnswerCopy | undefined {
    if (this.#dropped) return undefined;
    const bytes = Buffer.concat(this.#blocks);
    const failure =
      this.#failure ?? (this.#status === undefined ? 'it did not call start_response' : undefined);
    return {
      status: this.#status ?? '',
      headers: this.#headers,
      bytes,
      over: this.#over,
      cut: this.#isCut(),
      // Before the first byte the gateway still answers with an error instead.
      failure: this.#status === undefined || bytes.length === 0 ? failure : undefined,
    };
  }

  /** The client left before its end, so that nobody asked for the rest. @param bodiless nobody asks for a body. */
  left(bodiless: boolean): boolean {
    if (this.#clientLeft) return true;
    return !bodiless && this.#failure === undefined && !this.#complete && this.#isCut();
  }

  /** Its bytes are not needed any more. */
  release(): void {
    this.#budget?.giveBack(this.#held);
    this.#held = 0;
    this.#blocks = [];
  }

  #isCut(): boolean {
    if (this.#over) return false;
    const length = this.#headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
    // The gateway asks for no more where Content-Length was reached.
    return length === undefined ? !this.#complete : this.#size < Number(length);
  }

  #fail(error: unknown): never {
    // What is given the signal throws an error of its own.
    this.#clientLeft =
      error instanceof ClientDisconnected || this.#environ?.['node.abort_signal']?.aborted === true;
    this.#failure = `it threw ${nameOf(error)}`;
    throw error;
  }

  #take(block: unknown): void {
    if (!(block instanceof Uint8Array) || this.#over || this.#dropped) return;
    const kept = Math.min(block.length, this.#limit - this.#size);
    this.#size += block.length;
    if (kept > 0 && this.#budget?.take(kept) === false) {
      this.#dropped = true;
      this.release();
      return;
    }
    this.#held += kept;
    // Copied, for an application may use its buffer again.
    if (kept > 0) this.#blocks.push(Uint8Array.prototype.slice.call(block, 0, kept));
    if (block.length === kept) return;
    this.#over = true;
    this.#onOver();
  }

  #tee(body: Body): Body {
    if (Array.isArray(body)) {
      for (const block of body) this.#take(block);
      this.#complete = true;
      if (this.#onClose !== undefined) setImmediate(this.#onClose);
      return body;
    }
    if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return body;
    // Another gateway than ours sends it as any other iterable.
    if (body instanceof FileWrapper && this.#onClose === undefined) return this.#teeFile(body);
    return this.#teeIterable(body);
  }

  /** Our gateway sends a file by `next`, and only if it gets the wrapper itself. */
  #teeFile(file: FileWrapper): Body {
    const size = file.size();
    const next = file.next.bind(file);
    file.next = (maxBytes) =>
      andThen(next(maxBytes), (block) => {
        this.#take(block);
        if (block === null || this.#size === size) this.#complete = true;
        return block;
      });
    return file;
  }

  #teeIterable(body: Body): Body {
    const given = body as unknown as AnyIterable;
    const tee: Record<string | symbol, unknown> = {};
    for (const symbol of [Symbol.asyncIterator, Symbol.iterator]) {
      const open = given[symbol];
      if (typeof open === 'function') tee[symbol] = () => this.#teeIterator(open.call(given) as Puller);
    }
    // PEP 3333 "Handling the Content-Length Header": what `len(iterable)` tells the gateway.
    if (typeof given.length === 'number') tee['length'] = given.length;
    const onClose = this.#onClose;
    if (typeof given.close === 'function' || onClose !== undefined) {
      tee['close'] = () => {
        const result = given.close?.();
        onClose?.();
        return result;
      };
    }
    return tee as unknown as Body;
  }

  #teeIterator(inner: Puller): Puller {
    const take = (step: IteratorResult<Bytes, unknown>) => {
      if (step.done) this.#complete = true;
      else this.#take(step.value);
      return step;
    };
    const tee: Puller = {
      next: () => {
        try {
          const step = inner.next();
          if (!isPromise<IteratorResult<Bytes, unknown>>(step)) return take(step);
          return asPromise(step).then(take, (error: unknown) => this.#fail(error));
        } catch (error) {
          return this.#fail(error);
        }
      },
    };
    if (inner.return !== undefined) tee.return = () => inner.return?.();
    return tee;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
