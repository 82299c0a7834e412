/** Bodies of an archive: small ones in memory, larger ones in a file of the folder beside the archive. */
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import type { StoredBody } from '../exchange.js';

/** Up to so many bytes a body stands in the archive itself. */
export const INLINE_BYTES = 64 * 1024;

/** What is left to say of a body when it has ended. */
export interface BodyEnd {
  readonly cut?: boolean;
  readonly missing?: boolean;
}

export class MemoryBody implements StoredBody {
  readonly size: number;
  readonly cut: boolean;
  readonly missing: boolean;

  constructor(
    readonly bytes: Buffer,
    { cut = false, missing = false }: BodyEnd = {},
  ) {
    this.size = bytes.length;
    this.cut = cut;
    this.missing = missing;
  }

  async *read(): AsyncGenerator<Buffer> {
    if (this.bytes.length > 0) yield this.bytes;
  }
}

export const NO_BODY: StoredBody = new MemoryBody(Buffer.alloc(0));

export class FileBody implements StoredBody {
  readonly cut: boolean;
  readonly missing: boolean;

  constructor(
    readonly path: string,
    readonly size: number,
    { cut = false, missing = false }: BodyEnd = {},
  ) {
    this.cut = cut;
    this.missing = missing;
  }

  read(): AsyncIterable<Buffer> {
    return createReadStream(this.path);
  }
}

/**
 * Takes bytes as they come, in constant memory. It writes without waiting: what was recorded is with the system when the
 * process is killed, and a slow disk slows the connections instead of filling memory.
 */
export class Spool {
  size = 0;
  readonly #path: () => string;
  #blocks: Buffer[] = [];
  #file: { readonly path: string; readonly descriptor: number } | undefined;

  /** @param path of the file, asked for only if one is needed; its folder exists by then. */
  constructor(path: () => string) {
    this.#path = path;
  }

  /** @throws Error of the system, if the disk is full for example. */
  write(block: Buffer): void {
    if (block.length === 0) return;
    this.size += block.length;
    if (this.#file === undefined && this.size > INLINE_BYTES) this.#openFile();
    if (this.#file === undefined) this.#blocks.push(Buffer.from(block));
    else writeFully(this.#file.descriptor, block);
  }

  finish(end?: BodyEnd): MemoryBody | FileBody {
    if (this.#file === undefined) return new MemoryBody(Buffer.concat(this.#blocks), end);
    closeSync(this.#file.descriptor);
    return new FileBody(this.#file.path, this.size, end);
  }

  #openFile(): void {
    const path = this.#path();
    this.#file = { path, descriptor: openSync(path, 'w', 0o600) };
    for (const block of this.#blocks.splice(0)) writeFully(this.#file.descriptor, block);
  }
}

/** All of it: a system may take less at once. @param at position in the file; where the last write ended if absent. */
export function writeFully(descriptor: number, bytes: Uint8Array, at?: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, at === undefined ? null : at + done);
  }
}
