/** Native strings (PEP 3333 "A Note On String Types"): one character per byte, 0 to 255, and ways in and out. */

const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes that a native string stands for. @throws RangeError if a character is above U+00FF. */
export function nativeToBytes(native: string): Buffer {
  if (!isNative(native)) {
    throw new RangeError(`Not a native string (a character is above U+00FF): ${JSON.stringify(native)}`);
  }
  return Buffer.from(native, 'latin1');
}

/** Bytes as a native string. */
export function bytesToNative(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The text that a native string holds as UTF-8: `/cafÃ©` is `/café`. Bad bytes become U+FFFD. */
export function nativeToText(native: string): string {
  return isAscii(native) ? native : decoder.decode(nativeToBytes(native));
}

/** Text as the native string of its UTF-8 bytes: `/café` is `/cafÃ©`. */
export function textToNative(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Percent-decodes once, to a native string; a malformed escape stays as it is (RFC 3875 section 4.1.5). */
export function unquoteToNative(quoted: string): string {
  if (!quoted.includes('%')) return quoted;
  return quoted.replace(ESCAPE, (_escape, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Percent-encodes the bytes that `escaped` finds, an expression of one character. @throws RangeError as `nativeToBytes`. */
export function quoteNative(native: string, escaped: RegExp): string {
  const bytes = nativeToBytes(native).toString('latin1');
  return bytes.replace(
    escaped,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** True if every character is a byte. */
export function isNative(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0xff) return false;
  return true;
}

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0x7f) return false;
  return true;
}
