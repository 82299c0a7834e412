/** The charset that a media type names, as far as text of an archive has to become bytes again. */
import { parseMediaType } from '../media-type.js';

const LATIN = new Set([
  'iso-8859-1',
  'iso8859-1',
  'latin1',
  'latin-1',
  'windows-1252',
  'cp1252',
  'us-ascii',
  'ascii',
]);

/** One byte a character, so that UTF-8 is not what the text was. */
export function isLatin(mimeType: string): boolean {
  return LATIN.has(parseMediaType(mimeType).parameters.get('charset')?.toLowerCase() ?? '');
}

/**
 * The bytes of text that was decoded by its charset. A character that the charset does not have shows that it was not:
 * then it is UTF-8, as it is for every charset that is not Latin.
 */
export function encodeText(text: string, mimeType: string): Buffer {
  const latin = isLatin(mimeType) && ![...text].some((character) => character > '\xff');
  return Buffer.from(text, latin ? 'latin1' : 'utf8');
}
