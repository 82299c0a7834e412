/** The text of a body, as far as values are looked for in it. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Fields, StoredBody } from '../../exchange.js';

/** Bytes of a body in which values are looked for; forms and pages that hand out tokens are smaller. */
const LIMIT = 2 * 1024 * 1024;

/** The value of the first field of that name, which is in lower case. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  return fields.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** In lower case, without its parameters. */
export function mediaTypeOf(fields: Fields): string {
  return (fieldOf(fields, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

export function isJson(mediaType: string): boolean {
  return /^(?:application|text)\/(?:.+\+)?json$/.test(mediaType);
}

export function isHtml(mediaType: string): boolean {
  return mediaType === 'text/html' || mediaType === 'application/xhtml+xml';
}

/** Undefined for a body that is too large. */
export async function bytesOf(body: StoredBody): Promise<Buffer | undefined> {
  if (body.size > LIMIT) return undefined;
  const blocks: Buffer[] = [];
  for await (const block of body.read()) blocks.push(block);
  return Buffer.concat(blocks);
}

/** The text of an answer, without its content coding; undefined for what is no text, too large, or broken. */
export async function textOf(body: StoredBody, fields: Fields): Promise<string | undefined> {
  if (body.size === 0) return undefined;
  const type = mediaTypeOf(fields);
  if (!/^text\/|json|xml|javascript|^application\/x-www-form-urlencoded$|^$/.test(type)) return undefined;
  const bytes = await bytesOf(body);
  if (bytes === undefined) return undefined;
  try {
    return decode(bytes, fieldOf(fields, 'content-encoding')?.trim().toLowerCase() ?? '').toString('utf8');
  } catch {
    return undefined;
  }
}

function decode(bytes: Buffer, coding: string): Buffer {
  const options = { maxOutputLength: 4 * LIMIT };
  if (coding === 'gzip' || coding === 'x-gzip') return gunzipSync(bytes, options);
  if (coding === 'deflate') return inflateSync(bytes, options);
  if (coding === 'br') return brotliDecompressSync(bytes, options);
  return bytes;
}
