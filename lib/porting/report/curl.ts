/** A request as a line of `curl` that can be pasted into a shell; secrets are left out. */
import type { RecordedRequest } from '../exchange.js';
import { bodyWithoutSecrets, targetWithoutSecrets, withoutSecrets } from './secrets.js';

/** Larger bodies are named, not shown. */
const LARGEST_BODY = 16 * 1024;

/** curl makes them itself, or they belong to the connection of the recording. */
const OWN = /^(?:content-length|transfer-encoding|connection|keep-alive|proxy-connection|expect|te|host)$/i;
const OWN_OF_UPGRADE = /^(?:content-length|transfer-encoding|keep-alive|proxy-connection|expect|te|host)$/i;

/** @param base `http://127.0.0.1:8000`; undefined for the request's own Host. */
export async function curlLine(request: RecordedRequest, base: string | undefined): Promise<string> {
  const { method, target, fields, body } = request;
  const host = fields.find(([name]) => /^host$/i.test(name))?.[1];
  const origin = base?.replace(/\/+$/, '') ?? `http://${host ?? '127.0.0.1'}`;
  const plain = targetWithoutSecrets(target);
  const parts = ['curl -i'];
  // Others than a path: `*` of OPTIONS, the absolute form, and what curl would cut off or refuse in a URL.
  const isPath = plain.startsWith('/') && !/[#\s]/.test(plain);
  const url = isPath ? `${origin}${plain}` : origin;
  if (/[[\]{}]/.test(url)) parts.push('--globoff');
  if (/\/\.{1,2}(?:[/?#]|$)/.test(url)) parts.push('--path-as-is');
  if (!isPath) parts.push(`--request-target ${word(plain)}`);
  if (method === 'HEAD') parts.push('--head');
  else if (method !== (body.size > 0 ? 'POST' : 'GET')) parts.push(`-X ${word(method)}`);
  const isUpgrade = fields.some(([name]) => /^upgrade$/i.test(name));
  if (isUpgrade) parts.push('--http1.1');
  parts.push(word(url));
  if (host !== undefined && new URL(origin).host !== host) parts.push(`-H ${word(`Host: ${host}`)}`);
  for (const [name, value] of withoutSecrets(fields)) {
    if ((isUpgrade ? OWN_OF_UPGRADE : OWN).test(name)) continue;
    // `Name;` sends a field without a value, `Name:` sends none.
    parts.push(`-H ${word(value.trim() === '' ? `${name};` : `${name}: ${value}`)}`);
  }
  if (fields.some(([name]) => /^accept-encoding$/i.test(name))) parts.push('--compressed');
  if (body.size === 0) return parts.join(' ');
  const type = fields.find(([name]) => /^content-type$/i.test(name))?.[1];
  // curl would say that it is a form.
  if (type === undefined) parts.push("-H 'Content-Type:'");
  return await withBody(parts, request, type ?? '');
}

async function withBody(parts: string[], { body }: RecordedRequest, type: string): Promise<string> {
  if (body.size > LARGEST_BODY) {
    return [...parts, `--data-binary @FILE # its ${body.size} bytes are in the archive`].join(' ');
  }
  const blocks: Buffer[] = [];
  for await (const block of body.read()) blocks.push(block);
  const bytes = bodyWithoutSecrets(Buffer.concat(blocks), type);
  const text = printable(bytes);
  // An @ at the beginning would name a file; an argument can hold neither NUL nor every byte.
  if (text !== undefined && !text.startsWith('@'))
    return [...parts, `--data-binary ${quoted(bytes)}`].join(' ');
  return `${printfOf(bytes)} | ${[...parts, '--data-binary @-'].join(' ')}`;
}

/** Header fields and targets are bytes as latin-1; what has other characters came decoded. */
function word(text: string): string {
  return quoted(/^[\x00-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : Buffer.from(text));
}

// Arguments for `sh` (POSIX), of any bytes

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
function printable(bytes: Buffer): string | undefined {
  try {
    const text = UTF8.decode(bytes);
    return /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(text)
      ? undefined
      : text;
  } catch {
    return undefined;
  }
}
