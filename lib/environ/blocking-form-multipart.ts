/**
 * A multipart/form-data body (RFC 7578), read in a worker thread that blocks: no turn of the event loop happens.
 *
 * busboy is a Writable, and its parser runs to the end of a block within `write()`: events 'field' and 'file' come,
 * and bytes of files go to `push()` of their streams, before it returns. Three things of it do need a turn, and none
 * is waited for here:
 * - A stream of a file that is full makes it keep the callback of the block until the stream is read. Here none is
 *   ever full (`BlockingPartBytes`), and `writableLength`, 0 once a block is done with, is looked at after each.
 * - The event 'end' of the streams, and 'finish' after those: the end of a file is `push(null)`.
 * - The event 'error' about the end of the body: `end()` and `destroy()` run its checks at once, and `errored` has
 *   the result.
 */
import { isUint8Array } from 'node:util/types';
import { BlockingPartBytes } from './blocking-form-upload.js';
import type { FileInfo } from './form-file-facts.js';
import type { FormLimits, FormMeter } from './form-limits.js';
import { type FileStart, MultipartParts, type PartsReader } from './form-parts.js';
import { READ_SIZE } from './form-request.js';
import type { FormValues } from './form-values.js';
import type { BlockingInput } from './types.js';

/** Takes one file. */
export type BlockingTakeFile = (info: FileInfo, bytes: BlockingPartBytes) => void;

export class BlockingMultipartReader implements PartsReader {
  readonly #input: Pick<BlockingInput, 'read'>;
  readonly #parts: MultipartParts;
  readonly #takeFile: BlockingTakeFile;
  /** Files that busboy found and nobody took yet. */
  readonly #found: [start: FileStart, bytes: BlockingPartBytes][] = [];
  #ended = false;

  /** @throws RequestError 400 if the Content-Type names no usable boundary. */
  constructor(
    input: Pick<BlockingInput, 'read'>,
    contentType: string,
    limits: FormLimits,
    meter: FormMeter,
    fields: FormValues<string>,
    takeFile: BlockingTakeFile,
  ) {
    this.#input = input;
    this.#takeFile = takeFile;
    this.#parts = new MultipartParts(contentType, limits, meter, fields, this);
  }

  run(): void {
    try {
      while (this.#feed()) this.#takeFiles();
    } catch (error) {
      this.#parts.fail(error);
    }
    this.#parts.throwIfFailed();
  }

  file(start: FileStart): void {
    const feed = () => {
      if (!this.#feed()) throw new Error('busboy did not tell the end of a file');
    };
    // At once: its bytes may be in the same block.
    this.#found.push([start, new BlockingPartBytes(start.stream, feed)]);
  }

  /** Nobody waits: it is looked for after each block. */
  failed(): void {}

  /** Gives busboy the next block; false at the end of the body. Never called in one of its events. */
  #feed(): boolean {
    // `onFile` may have caught it.
    this.#parts.throwIfFailed();
    if (this.#ended) return false;
    const chunk = this.#read();
    if (chunk.length === 0) {
      this.#ended = true;
      this.#end();
    } else {
      const { parser } = this.#parts;
      parser.write(chunk);
      if (parser.writableLength > 0 && this.#parts.failure === undefined) {
        throw new Error('busboy did not take a block at once');
      }
    }
    this.#parts.throwIfFailed();
    return !this.#ended;
  }

  #read(): Buffer {
    try {
      return checkBytes(this.#input.read(READ_SIZE));
    } catch (error) {
      this.#parts.fail(error);
      throw error;
    }
  }

  #end(): void {
    const { parser } = this.#parts;
    parser.end();
    parser.destroy();
    if (parser.errored) this.#parts.malformed(parser.errored);
  }

  /** In order; each may read on, and so find more. */
  #takeFiles(): void {
    for (let next = this.#found.shift(); next !== undefined; next = this.#found.shift()) {
      const [{ info, noneIfEmpty }, bytes] = next;
      if (!(noneIfEmpty && bytes.isEmpty())) this.#takeFile(info, bytes);
      this.#parts.throwIfFailed();
    }
  }
}

/** Middleware may have replaced `wsgi.input` by one that does not block. @throws TypeError */
export function checkBytes(chunk: Buffer): Buffer {
  if (isUint8Array(chunk)) return chunk;
  throw new TypeError('wsgi.input.read() has to return bytes where node.nonblocking is false, not a promise');
}
