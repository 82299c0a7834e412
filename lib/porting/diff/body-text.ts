/** A body as text, by the charset that its answer names, its byte order mark, its meta element, or what fits. */
import { encodingOf, type MediaType } from '../media-type.js';

export interface BodyText {
  readonly text: string;
  /** As TextDecoder names it. */
  readonly encoding: string;
}

/** How far a browser looks for a meta element (HTML, "prescan a byte stream"). */
const PRESCAN = 1024;
const META = /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([^\s"'/>;]+)/i;

/** Bytes that do not fit the encoding are read as windows-1252, which keeps them apart. */
export function textOf(bytes: Buffer, media: MediaType, isHtml: boolean): BodyText {
  const mark = markOf(bytes);
  const declared =
    mark ?? encodingOf(media.parameters.get('charset')) ?? (isHtml ? metaOf(bytes) : undefined);
  // An extra mark changes what a reader sees of the bytes, not the text.
  const suffix = mark === 'utf-8' ? ' with a byte order mark' : '';
  for (const encoding of declared === undefined ? ['utf-8'] : [declared]) {
    try {
      return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding: encoding + suffix };
    } catch {
      // Not this one, or one that nobody knows.
    }
  }
  return { text: bytes.toString('latin1'), encoding: 'windows-1252' };
}

/** True if no byte of it is a sign that it is not text. */
export function isText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function markOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return undefined;
}

function metaOf(bytes: Buffer): string | undefined {
  return encodingOf(META.exec(bytes.toString('latin1', 0, PRESCAN))?.[1]);
}
