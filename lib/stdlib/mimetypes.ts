/** Python's `mimetypes`: the type of a file by its name, and the extensions of a type. */
import { bind } from './arguments.js';
import { COMMON_TYPES, ENCODINGS, SUFFIXES, TYPES } from './mimetypes-tables.js';
import { urlparse } from './urllib/parse.js';
import { isTrue, typeName } from './values.js';

/** Types by extension, and extensions by type in the order in which they were added. */
class Table {
  readonly #types = new Map<string, string>();
  readonly #extensions = new Map<string, string[]>();

  constructor(types: Readonly<Record<string, string>>) {
    for (const [type, extensions] of Object.entries(types)) {
      for (const extension of extensions.split(' ')) this.add(type, `.${extension}`);
    }
  }

  /** The extension is also kept for the type that it had before, as in Python. */
  add(type: string, extension: string): void {
    this.#types.set(extension, type);
    const known = this.#extensions.get(type) ?? [];
    if (!known.includes(extension)) this.#extensions.set(type, [...known, extension]);
  }

  typeOf(extension: string): string | undefined {
    return this.#types.get(extension);
  }

  extensionsOf(type: string): readonly string[] {
    return this.#extensions.get(type) ?? [];
  }
}

const registered = new Table(TYPES);
const common = new Table(COMMON_TYPES);

type Strict = boolean | number | null;

/**
 * The type of a file and how it is compressed, each null if the name does not tell: `a.tar.gz` is
 * `['application/x-tar', 'gzip']`. Do not send such a type without the encoding.
 *
 * The tables are those that Python has built in. On a machine with a `mime.types` Python also reads that, and knows
 * more (`.woff2`): add with `add_type` what your program serves.
 * @param url a path or a URL, whose query and fragment do not count; `data:` URLs name their type.
 * @param strict true by default. `false` adds types that are in use but not registered.
 * @throws TypeError if `url` is neither text nor bytes; ValueError for a URL with half a bracket.
 */
export function guess_type(
  url: string | Uint8Array,
  strict?: Strict | { strict?: Strict },
): [type: string | null, encoding: string | null];
export function guess_type(
  url: unknown,
  ...given: unknown[]
): [type: string | null, encoding: string | null] {
  const tables = tablesFor('guess_type', given);
  const text = url instanceof Uint8Array ? Buffer.from(url).toString() : url;
  if (typeof text !== 'string')
    throw new TypeError(`guess_type() takes a path or a URL, not ${typeName(url)}`);
  const { scheme, path } = urlparse(text);
  // One letter is a drive of Windows.
  if (scheme.length < 2) return typeOfFile(text, tables);
  return scheme === 'data' ? [typeOfData(path), null] : typeOfFile(path, tables);
}

/** The extensions of a type, with their dots. A type with parameters (`text/html; charset=utf-8`) has none. */
export function guess_all_extensions(type: string, strict?: Strict | { strict?: Strict }): string[];
export function guess_all_extensions(type: string, ...given: unknown[]): string[] {
  const tables = tablesFor('guess_all_extensions', given);
  if (typeof type !== 'string') throw new TypeError(`a type is text, not ${typeName(type)}`);
  return [...new Set(tables.flatMap((table) => table.extensionsOf(type.toLowerCase())))];
}

/** The first of `guess_all_extensions`, or null. */
export function guess_extension(type: string, strict?: Strict | { strict?: Strict }): string | null {
  return guess_all_extensions(type, strict)[0] ?? null;
}

/**
 * Adds an extension, in lower case and with its dot, for the whole process (each worker thread is one of its own). The
 * type that it had before is replaced.
 */
export function add_type(type: string, ext: string, strict?: Strict | { strict?: Strict }): void;
export function add_type(type: string, ext: string, ...given: unknown[]): void {
  const { strict = true } = bind('add_type', ['strict'], given);
  (isTrue(strict) ? registered : common).add(type, ext);
}

function tablesFor(callable: string, given: readonly unknown[]): readonly Table[] {
  const { strict = true } = bind(callable, ['strict'], given);
  return isTrue(strict) ? [registered] : [registered, common];
}

function typeOfFile(path: string, tables: readonly Table[]): [string | null, string | null] {
  let [base, extension] = splitExtension(path);
  for (let full: string | undefined; ; ) {
    full = SUFFIXES.get(extension.toLowerCase());
    if (full === undefined) break;
    [base, extension] = splitExtension(base + full);
  }
  const encoding = ENCODINGS.get(extension) ?? null;
  if (encoding !== null) extension = splitExtension(base)[1];
  for (const table of tables) {
    const type = table.typeOf(extension.toLowerCase());
    if (type !== undefined) return [type, encoding];
  }
  return [null, encoding];
}

/** `posixpath.splitext`: dots at the beginning of a file's name start no extension. */
function splitExtension(path: string): [base: string, extension: string] {
  const dot = path.lastIndexOf('.');
  const name = path.slice(path.lastIndexOf('/') + 1, Math.max(dot, 0));
  const hasExtension = dot > path.lastIndexOf('/') && /[^.]/.test(name);
  return hasExtension ? [path.slice(0, dot), path.slice(dot)] : [path, ''];
}

/** `data:image/png;base64,…`; null without a comma. What is not a type is `text/plain` (RFC 2397). */
function typeOfData(path: string): string | null {
  const comma = path.indexOf(',');
  if (comma === -1) return null;
  const type = path.slice(0, comma).split(';', 1)[0] ?? '';
  return type.includes('=') || !type.includes('/') ? 'text/plain' : type;
}
