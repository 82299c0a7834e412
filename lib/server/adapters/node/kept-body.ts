/** A request body that the host has read before the application could: used where its bytes were kept. */
import type { IncomingMessage } from 'node:http';
import type { BodySource } from '../../../environ/input/input.js';
import { ApplicationError } from '../../../errors.js';

/** What body parsers leave on a request. */
interface ParsedMessage extends IncomingMessage {
  /** By custom, the bytes as they came. */
  rawBody?: unknown;
  /** The same from a parser such as `express.raw()` or `express.text()`; from others, something else. */
  body?: unknown;
}

/** True if bytes of the body were taken, so that `wsgi.input` cannot read it from its start. */
export function wasRead(message: IncomingMessage): boolean {
  return message.readableDidRead;
}

/** @throws ApplicationError if the bytes are gone. */
export function keptBody({ rawBody, body, headers }: ParsedMessage): Buffer {
  const declared = headers['content-length'];
  const length = declared === undefined ? undefined : Number(declared);
  const coding = headers['content-encoding'] ?? 'identity';
  for (const candidate of [rawBody, body]) {
    // Parsers undo the coding that the header still names.
    const bytes = coding === 'identity' ? toBytes(candidate, length) : undefined;
    if (bytes !== undefined && (length === undefined || bytes.length === length)) return bytes;
  }
  throw new ApplicationError(
    'The body of this request was read before the application got it: mount the application before any body ' +
      'parser, or have the parser keep the bytes, as express.raw() does (req.body) or others in req.rawBody',
  );
}

/** Text only where its length can be compared, and nothing in it was malformed: then it is what came. */
function toBytes(value: unknown, length: number | undefined): Buffer | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value !== 'string' || length === undefined || value.includes('\ufffd')) return undefined;
  return Buffer.from(value);
}

/** A body that is all there. */
export class KeptBody implements BodySource {
  #bytes: Buffer | null;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  pull(): Promise<Buffer | null> {
    const bytes = this.#bytes;
    this.#bytes = null;
    return Promise.resolve(bytes);
  }
}
