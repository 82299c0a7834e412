/** Arguments for `sh` (POSIX), of any bytes. */

/** Needs no quotes. */
const PLAIN = /^[\w@%+=:,./-]+$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** In single quotes if it is text; else as `printf` makes it. Not for NUL, which no argument can hold. */
export function quoted(bytes: Buffer): string {
  const text = printable(bytes);
  if (text === undefined) return `"$(${printfOf(bytes)})"`;
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that writes these bytes, and no other. */
export function printfOf(bytes: Buffer): string {
  let format = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    // No `!`, which bash expands within "$(…)" at a prompt. Octal, for POSIX knows no `\x`; three digits, so that a digit that follows is not taken for a part of it.
    format += /[\w.,:;=&/@ <>{}()"[\]?*#+-]/.test(character)
      ? character
      : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  // `--`, for a format may begin with a dash.
  return `printf -- '${format}'`;
}

/** The text, if a reader would see all of it. */
export function printable(bytes: Buffer): string | undefined {
  try {
    const text = UTF8.decode(bytes);
    return /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(text)
      ? undefined
      : text;
  } catch {
    return undefined;
  }
}
