/** The bytes of requests and responses: both sides make them from an id, so that each knows what has to come. */
import { createCipheriv, createHash } from 'node:crypto';
import { hash } from './random.js';

/** Where line feeds stand: at random, every few bytes, or nowhere. Letters are also text for a WebSocket. */
export const KINDS = ['bytes', 'lines', 'letters'] as const;
export type Kind = (typeof KINDS)[number];

/** Each body is cut out of one of these, from a place that its id gives. */
const POOL = 1024 * 1024;
/** Places to cut from; a prime, so that neighbours differ. */
const PLACES = 65_521;

const pools = new Map<Kind, Buffer>();

function poolOf(kind: Kind): Buffer {
  const known = pools.get(kind);
  if (known !== undefined) return known;
  // Each thread makes its own: a cipher does so in a millisecond.
  const cipher = createCipheriv('aes-128-ctr', kind.padEnd(16), Buffer.alloc(16));
  const pool = cipher.update(Buffer.alloc(POOL + PLACES));
  if (kind !== 'bytes') {
    for (let i = 0; i < pool.length; i++) {
      const byte = pool[i] as number;
      if (kind === 'letters') pool[i] = 97 + (byte % 26);
      else if (byte < 32) pool[i] = 10;
    }
  }
  pools.set(kind, pool);
  return pool;
}

/** `size` bytes that begin with the id, as far as there is room for it. */
export function contentOf(id: string, size: number, kind: Kind): Buffer {
  const pool = poolOf(kind);
  const bytes = Buffer.allocUnsafe(size);
  const named = bytes.write(kind === 'letters' ? id : `${id}\n`, 'latin1');
  const from = hash(id) % PLACES;
  for (let at = named; at < size; at += POOL) pool.copy(bytes, at, from, from + Math.min(POOL, size - at));
  return bytes;
}

export function digest(...parts: readonly Uint8Array[]): string {
  const sum = createHash('sha1');
  for (const part of parts) sum.update(part);
  return sum.digest('hex');
}

/** In pieces of about `size` bytes, each in another place than the last one; now and then an empty one. */
export function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0, count = 1; at < bytes.length; count++) {
    const length = count % 7 === 0 ? 0 : count % 3 === 0 ? (size >> 1) + 1 : size;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
