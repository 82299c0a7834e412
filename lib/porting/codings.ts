/** Content codings of bodies that are small enough to be decoded in memory. */
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib';

export interface Coding {
  decode(bytes: Buffer, options: { maxOutputLength: number }): Buffer;
  encode(bytes: Buffer): Buffer;
}

/** Of RFC 9110, section 8.4.1, and RFC 7932. */
const CODINGS = new Map<string, Coding>([
  ['gzip', { decode: gunzipSync, encode: (bytes) => gzipSync(bytes) }],
  ['x-gzip', { decode: gunzipSync, encode: (bytes) => gzipSync(bytes) }],
  ['deflate', { decode: inflateSync, encode: (bytes) => deflateSync(bytes) }],
  ['br', { decode: brotliDecompressSync, encode: (bytes) => brotliCompressSync(bytes) }],
]);

/** @param name in lower case. Undefined for one that is not known, or `identity`. */
export function codingOf(name: string): Coding | undefined {
  return CODINGS.get(name);
}
