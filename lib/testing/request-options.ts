/** What one request of a test may say: the options of `EnvironBuilder`, and of every method of `Client`. */
import type { Bytes } from '../environ/types.js';

export type Scalar = string | number | boolean | bigint;

/** Names and values; a list means several of one name, `null` and `undefined` for none. */
export type Fields =
  | URLSearchParams
  | Iterable<readonly [name: string, value: Scalar]>
  | Readonly<Record<string, Scalar | readonly Scalar[] | null | undefined>>;

/** A file to upload: bytes, a `Blob` or `File`, or content with what is known of it. */
export type FileToSend =
  | Bytes
  | Blob
  | {
      /** Text is sent as UTF-8. */
      readonly content: string | Bytes | Blob;
      /** Default: the name of a `File`, or the name of the field. */
      readonly filename?: string | undefined;
      /** Default: the type of a `Blob`, or `application/octet-stream`. */
      readonly contentType?: string | undefined;
    };

export type Files = Readonly<Record<string, FileToSend | readonly FileToSend[]>>;

/** Values as native strings: one character per byte. A list means several headers of one name. */
export type RequestHeaders =
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | number | readonly string[] | undefined>>;

export type RequestBody = string | Bytes | Iterable<Bytes> | AsyncIterable<Bytes>;

/** At most one of `form` (with or without `files`), `json`, `text` and `body`. */
export interface RequestOptions {
  /** Default: GET, whatever the body. */
  readonly method?: string | undefined;
  /** The query, as text without a `?` or as fields; a path that has a query of its own is then an error. */
  readonly query?: string | Fields | undefined;
  readonly headers?: RequestHeaders | undefined;
  /** Fields: `application/x-www-form-urlencoded`, or `multipart/form-data` if there are files. */
  readonly form?: Fields | FormData | undefined;
  /** Files by the name of their field: `multipart/form-data`. */
  readonly files?: Files | undefined;
  /** Anything that `JSON.stringify` takes: `application/json`. */
  readonly json?: unknown;
  /** UTF-8, `text/plain; charset=utf-8`. */
  readonly text?: string | undefined;
  /** As it is, with no Content-Type of its own. Blocks of an iterable are sent as they come, with no Content-Length. */
  readonly body?: RequestBody | undefined;
  /** Basic authentication (RFC 7617), in UTF-8. */
  readonly auth?: readonly [username: string, password: string] | undefined;
  /** Keys that are set last, whatever else says so; `undefined` removes one. */
  readonly environ?: Readonly<Record<string, unknown>> | undefined;
}

/** Where the application is, as far as the request can tell; `Client` has the same for all its requests. */
export interface SiteOptions {
  /** Scheme, host, port, and as a path the mount point (SCRIPT_NAME). Default: `http://localhost/`. */
  readonly baseUrl?: string | undefined;
  /** Default: `1.1`. */
  readonly httpVersion?: '1.0' | '1.1' | undefined;
  /**
   * Keys besides those of the request: they replace what belongs to connection and gateway (`REMOTE_ADDR`,
   * `wsgi.errors`), and never what the request itself says.
   */
  readonly environBase?: Readonly<Record<string, unknown>> | undefined;
}

export const REQUEST_OPTIONS = 'method query headers form files json text body auth environ'.split(' ');

export const SITE_OPTIONS = ['baseUrl', 'httpVersion', 'environBase'];

/** Names and values one by one, as `Fields` has them. */
export function* eachPair(
  fields: Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>,
): Generator<readonly [string, unknown], void, undefined> {
  if (Symbol.iterator in fields) return yield* fields as Iterable<readonly [string, unknown]>;
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value ?? []].flat()) yield [name, one];
  }
}
