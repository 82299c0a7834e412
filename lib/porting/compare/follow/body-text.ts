/** The text of a body, as far as values are looked for in it. */
import { codingOf } from '../../codings.js';
import type { Fields, StoredBody } from '../../exchange.js';
import { firstValue, mediaTypeOf } from '../../fields.js';

/** Bytes of a body in which values are looked for; forms and pages that hand out tokens are smaller. */
const LIMIT = 2 * 1024 * 1024;

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

/** The text of an answer, without its content coding; undefined for what is not text, too large, or broken. */
export async function textOf(body: StoredBody, fields: Fields): Promise<string | undefined> {
  if (body.size === 0) return undefined;
  const type = mediaTypeOf(fields);
  if (!/^text\/|json|xml|javascript|^application\/x-www-form-urlencoded$|^$/.test(type)) return undefined;
  const bytes = await bytesOf(body);
  if (bytes === undefined) return undefined;
  try {
    const coding = firstValue(fields, 'content-encoding')?.trim().toLowerCase() ?? '';
    return (codingOf(coding)?.decode(bytes, { maxOutputLength: 4 * LIMIT }) ?? bytes).toString('utf8');
  } catch {
    return undefined;
  }
}

/** Without its percent-encoding; what is none stays. */
export function decodeComponent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
