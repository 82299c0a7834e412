/** Python's `wsgiref.simple_server.demo_app`: says hello and shows its environ, as Python would print it. */
import { isUint8Array } from 'node:util/types';
import type { Body, Environ, StartResponse } from '../environ/types.js';

/** To see how a server reads a request: it shows every header of it, cookies too. */
export function demoApp(environ: Environ, start_response: StartResponse): Body {
  const lines = Object.entries(environ)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} = ${pythonRepr(value)}\n`);
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`Hello world!\n\n${lines.join('')}`)];
}

/** Deeper than environ ever is; stops at an object that contains itself. */
const MAX_DEPTH = 8;

/** What Python's `str.isprintable` refuses (Unicode "Other" and "Separator", but the space), and the backslash. */
const ESCAPED = /(?! )[\p{C}\p{Z}\\]/gu;
const ESCAPED_BYTE = /[^\x20-\x5b\x5d-\x7e]/g;
const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A value as Python's `repr` shows its counterpart. Strings are quoted as Python quotes them, `true` is `True`, null
 * and undefined are `None`, bytes are `b'…'`, plain objects are dicts. Arrays are tuples, for that is what the one
 * array of environ is: `(1, 0)`. What has no counterpart is named: `<function fileWrapper>`, `<BodyInput object>`.
 */
export function pythonRepr(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return quoted(value, ESCAPED);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return numberRepr(value);
    case 'function':
      return `<function ${value.name || 'anonymous'}>`;
    case 'object':
      return value === null ? 'None' : objectRepr(value, depth);
    case 'undefined':
      return 'None';
    default:
      return String(value);
  }
}

function objectRepr(value: object, depth: number): string {
  if (isUint8Array(value)) return `b${quoted(Buffer.from(value).toString('latin1'), ESCAPED_BYTE)}`;
  if (Array.isArray(value)) {
    if (depth === MAX_DEPTH) return '(...)';
    const items = value.map((item) => pythonRepr(item, depth + 1));
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    return `<${(prototype as object).constructor?.name || 'anonymous'} object>`;
  }
  if (depth === MAX_DEPTH) return '{...}';
  const entries = Object.entries(value).map(
    ([key, item]) => `${pythonRepr(key)}: ${pythonRepr(item, depth + 1)}`,
  );
  return `{${entries.join(', ')}}`;
}

function numberRepr(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** Double quotes only around text that holds single quotes and no double ones. */
function quoted(text: string, pattern: RegExp): string {
  const escaped = text.replace(pattern, escapeCharacter);
  if (!text.includes("'")) return `'${escaped}'`;
  return text.includes('"') ? `'${escaped.replaceAll("'", "\\'")}'` : `"${escaped}"`;
}

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) as number;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
