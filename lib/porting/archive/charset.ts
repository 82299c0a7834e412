/** The charset that a media type names, as far as text of an archive has to become bytes again. */

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

/** In lower case; '' if there is none (RFC 9110, section 8.3.2). */
export function charsetOf(mimeType: string): string {
  const match = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(mimeType);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/** One byte a character, so that UTF-8 is not what the text was. */
export function isLatin(charset: string): boolean {
  return LATIN.has(charset);
}

/**
 * The bytes of text that was decoded by its charset. A character that the charset does not have shows that it was not:
 * then it is UTF-8, as it is for every charset that is not Latin.
 */
export function encodeText(text: string, mimeType: string): Buffer {
  const latin = isLatin(charsetOf(mimeType)) && ![...text].some((character) => character > '\xff');
  return Buffer.from(text, latin ? 'latin1' : 'utf8');
}

/** `multipart/form-data`, in lower case and without parameters. */
export function typeOf(mimeType: string): string {
  return (mimeType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
