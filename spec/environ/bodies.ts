/** Request bodies for the specs: in pieces, endless, or broken off. */
import { readdirSync, readlinkSync } from 'node:fs';
import {
  BlockingBodyInput,
  type BlockingSource,
  BodyInput,
  type BodySource,
} from '../../lib/environ/input/input.js';
import type { Bytes } from '../../lib/environ/types.js';

/** Gives the pieces one by one, each a turn of the event loop later, then the end or the error. */
export function source(pieces: Iterable<string | Buffer>, error?: Error): BodySource & { pulls: number } {
  const iterator = pieces[Symbol.iterator]();
  return {
    pulls: 0,
    async pull() {
      this.pulls++;
      await new Promise((resolve) => setImmediate(resolve));
      const { done, value } = iterator.next();
      if (!done) return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
      if (error !== undefined) throw error;
      return null;
    },
  };
}

export function input(...pieces: (string | Buffer)[]): BodyInput {
  return new BodyInput(source(pieces));
}

/** The same for a thread that blocks: each piece is there when it is asked for. */
export function blockingSource(
  pieces: Iterable<string | Buffer>,
  error?: Error,
): BlockingSource & { pulls: number } {
  const iterator = pieces[Symbol.iterator]();
  return {
    pulls: 0,
    pull() {
      this.pulls++;
      const { done, value } = iterator.next();
      if (!done) return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
      if (error !== undefined) throw error;
      return null;
    },
  };
}

export function blockingInput(...pieces: (string | Buffer)[]): BlockingBodyInput {
  return new BlockingBodyInput(blockingSource(pieces));
}

/** Random numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Cuts a text into pieces of 1 to `longest` bytes. */
export function split(text: Buffer, longest: number, next: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < text.length; ) {
    const end = start + 1 + Math.floor(next() * longest);
    pieces.push(text.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** How many descriptors this process has open on files in a folder, where the system tells. */
export function openDescriptors(folder: string): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(`${folder}/`)).length;
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // That of the folder that was just listed.
    return '';
  }
}

/** Resolves to what a promise rejects with; a promise that does not is an error. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('Expected a rejection');
}

/** The blocks of a body as text. */
export async function blocks(wrapper: AsyncIterable<Bytes>): Promise<string[]> {
  const all: string[] = [];
  for await (const block of wrapper) all.push(Buffer.from(block).toString());
  return all;
}
