/** The contract between the framework and a handler: PEP 3333's, with less to write. */
import type { AnyEnviron, Environ, ExcInfo } from '../environ/types.js';
import type { HeadersLike } from './headers.js';
import type { StatusLike } from './status.js';

/** PEP 3333's `write()`; text is sent as UTF-8. */
export type FrameworkWrite = (data: string | Uint8Array) => void | Promise<void>;

/**
 * Every argument may be left out: 200 OK. It may be called until the first part of the body goes, or not at all. A
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
