/** Native strings (PEP 3333 "A Note On String Types"): one character per byte, 0 to 255, and ways in and out. */

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
  let native = '';
  let from = 0;
  for (let at = quoted.indexOf('%'); at !== -1; at = quoted.indexOf('%', at + 1)) {
    const byte = 16 * hexDigit(quoted.charCodeAt(at + 1)) + hexDigit(quoted.charCodeAt(at + 2));
    if (Number.isNaN(byte)) continue;
    native += quoted.slice(from, at) + String.fromCharCode(byte);
    from = at + 3;
  }
  return from === 0 ? quoted : native + quoted.slice(from);
}

/** The start of a quoted string that decodes to as many characters. */
export function quotedStart(quoted: string, length: number): string {
  let at = 0;
  for (let taken = 0; taken < length; taken++) {
    at += /^%[0-9A-Fa-f]{2}/.test(quoted.slice(at, at + 3)) ? 3 : 1;
  }
  return quoted.slice(0, at);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
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
