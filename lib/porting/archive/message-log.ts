/** The messages of one WebSocket conversation as they come: JSON of Chromium's form, in memory and then in a file. */
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { type FileBody, MemoryBody, Spool } from './bodies.js';
import type { HarMessage } from './har.js';

const BLOCK = 64 * 1024;

export class MessageLog {
  readonly #spool: Spool;
  #some = false;

  /** @param path of the file, which is removed in the end. */
  constructor(path: () => string) {
    this.#spool = new Spool(path);
  }

  /** @param time when it came, in milliseconds since 1970. */
  add(from: 'client' | 'server', data: string | Buffer, time: number): void {
    const text = typeof data === 'string';
    const message: HarMessage = {
      type: from === 'client' ? 'send' : 'receive',
      time: time / 1000,
      opcode: text ? 1 : 2,
      data: text ? data : data.toString('base64'),
    };
    this.#spool.write(Buffer.from((this.#some ? ',\n' : '\n') + JSON.stringify(message)));
    this.#some = true;
  }

  /** All of it, once. */
  *blocks(): Generator<Buffer> {
    const body = this.#spool.finish();
    if (body instanceof MemoryBody) {
      yield body.bytes;
      return;
    }
    yield* blocksOf(body);
    rmSync(body.path);
  }
}

function* blocksOf(body: FileBody): Generator<Buffer> {
  const descriptor = openSync(body.path, 'r');
  try {
    const block = Buffer.alloc(BLOCK);
    for (;;) {
      const length = readSync(descriptor, block);
      if (length === 0) return;
      yield block.subarray(0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}
