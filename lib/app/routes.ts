/** Handlers of requests, and how a path leads to one: exact paths first, then prefixes that end in `*`. */
import { inspect } from 'node:util';
import { isNative, nativeToText } from '../environ/native-string.js';
import type { AnyEnviron, Environ, ExcInfo } from '../environ/types.js';
import type { HeadersLike } from './headers.js';
import type { StatusLike } from './status.js';

/** PEP 3333's `write()`; text is sent as UTF-8. */
export type FrameworkWrite = (data: string | Uint8Array) => void | Promise<void>;

/**
 * Every argument may be left out: 200 OK. It may be called until the first part of the body is sent, or not at all. A
 * second call is ignored, unless it brings `exc_info`: then PEP 3333's rule holds, and it replaces what was said.
 */
export type FrameworkStartResponse = (
  status?: StatusLike,
  headers?: HeadersLike,
  exc_info?: ExcInfo | null,
) => FrameworkWrite;

/** Handles one request. What it may return, itself or in a promise: see body.ts. */
export type Handler<E extends AnyEnviron = Environ> = (
  environ: E,
  start_response: FrameworkStartResponse,
) => unknown;

/**
 * What `route(path)` gives: registers a handler and returns it unchanged. Called with a function, as a standard
 * method decorator `(value, context)`, or as a legacy one `(target, key, descriptor)`. The method is called as a plain
 * function: it has no `this`.
 */
export interface RouteDecorator<E extends AnyEnviron = Environ> {
  <H extends Handler<E>>(handler: H, context?: ClassMethodDecoratorContext): H;
  <H extends Handler<E>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<H>,
  ): TypedPropertyDescriptor<H>;
}

/** A dictionary of one application: path to handler. Paths are text, percent-decoded: `/café`. */
export class Routes<E extends AnyEnviron = Environ> extends Map<string, Handler<E>> {
  /** Also what a decorator calls. @throws TypeError unless path and handler are a string and a function. */
  override set(path: string, handler: Handler<E>): this {
    if (typeof path !== 'string') throw new TypeError(`A route is a path, not ${inspect(path)}`);
    if (typeof handler !== 'function') {
      throw new TypeError(
        `The handler of the route ${inspect(path)} must be a function, not ${inspect(handler)}`,
      );
    }
    return super.set(path, handler);
  }

  /** The handler of `path`, the percent-decoded path alone. */
  find(path: string): Handler<E> | undefined {
    const exact = this.get(path);
    if (exact !== undefined) return exact;
    for (const [route, handler] of this) {
      if (route.endsWith('*') && path.startsWith(route.slice(0, -1))) return handler;
    }
    return undefined;
  }

  decorator(path: string): RouteDecorator<E> {
    const decorate = (
      target: object,
      _context?: unknown,
      descriptor?: TypedPropertyDescriptor<Handler<E>>,
    ) => {
      this.set(path, (descriptor === undefined ? target : descriptor.value) as Handler<E>);
      return descriptor ?? target;
    };
    return decorate as RouteDecorator<E>;
  }
}

/** A path of environ as text. A string that is not native, as a careless gateway makes them, is text already. */
export function pathText(native: string): string {
  return isNative(native) ? nativeToText(native) : native;
}
