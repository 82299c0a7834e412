/** A request as the candidate gets it: what environ said before the original changed it, and its body. */
import { TextErrorStream } from '../../environ/error-stream.js';
import { fileWrapper } from '../../environ/file/file-wrapper.js';
import { BlockingBodyInput, BodyInput } from '../../environ/input/input.js';
import { ignore } from '../../environ/maybe-promise.js';
import type { AnyEnviron } from '../../environ/types.js';
import { rawHeadersOf, targetsOf } from '../../server/adapters/from/environ-request.js';
import type { RecordedRequest, StoredBody } from '../exchange.js';

export interface CopiedRequest {
  /** Keys of environ with their values, but for those that each call gets for itself. */
  readonly keys: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
  /** The application blocks. */
  readonly blocking: boolean;
  /** Milliseconds since the epoch. */
  readonly started: number;
}

/** These belong to one call of one application. */
const OF_A_CALL = new Set([
  'wsgi.input',
  'wsgi.errors',
  'wsgi.file_wrapper',
  'wsgi.early_hints',
  'wsgi.websocket',
  'wsgi.websocket_version',
  'node.abort_signal',
]);

/** Reads no property twice, and none of those that cost something to make. */
export function copyKeys(environ: AnyEnviron): Record<string, unknown> {
  const keys: Record<string, unknown> = {};
  for (const key of Object.keys(environ)) {
    if (!OF_A_CALL.has(key)) keys[key] = (environ as Record<string, unknown>)[key];
  }
  return keys;
}

/** Without what cannot be sent to a thread, such as the session object of a middleware. */
export function sendableKeys(keys: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(keys).filter(([, value]) => {
      if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return true;
      try {
        structuredClone(value);
        return true;
      } catch {
        return false;
      }
    }),
  );
}

/** A fresh environ, with which no client is reached. @param signal fires when the candidate's time is over. */
export function environOf({ keys, body, blocking }: CopiedRequest, signal: AbortSignal): AnyEnviron {
  const environ: Record<string, unknown> = Object.assign(Object.create(null), keys);
  let left: Buffer | null = Buffer.from(body);
  const pull = () => {
    const block = left;
    left = null;
    return block;
  };
  const hasBody = body.length > 0;
  environ['wsgi.input'] = blocking
    ? new BlockingBodyInput(hasBody ? { pull } : undefined)
    : new BodyInput(hasBody ? { pull: () => Promise.resolve(pull()) } : undefined);
  environ['wsgi.errors'] = new TextErrorStream();
  environ['wsgi.file_wrapper'] = fileWrapper;
  environ['wsgi.early_hints'] = ignore;
  environ['node.abort_signal'] = signal;
  return environ as AnyEnviron;
}

/** As `record` would have written it. Names of headers are written as most clients write them. */
export function recordedRequest({ keys, body }: CopiedRequest): RecordedRequest {
  const environ = keys as Parameters<typeof targetsOf>[0];
  const flat = rawHeadersOf(environ);
  const fields = Array.from(
    { length: flat.length / 2 },
    (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? ''] as const,
  );
  return {
    method: environ.REQUEST_METHOD,
    target: targetsOf(environ).whole,
    fields,
    body: storedBody(body, false),
  };
}

export function storedBody(bytes: Uint8Array, cut: boolean): StoredBody {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    size: buffer.length,
    cut,
    async *read() {
      if (buffer.length > 0) yield buffer;
    },
  };
}
