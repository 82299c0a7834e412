/** Content-Type: type, parameters, and which encoding a charset is (RFC 9110, section 8.3). */

export interface MediaType {
  /** Lower case: `text/html`; '' if there is none, or none that can be read. */
  readonly type: string;
  /** By lower-case name, without quotes, in the order of their names. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /;[ \t]*(?:([^\s;="]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"?|[^;]*))?/g;

export function parseMediaType(value: string | undefined): MediaType {
  const text = value ?? '';
  const end = text.indexOf(';');
  const type = (end === -1 ? text : text.slice(0, end)).trim().toLowerCase();
  const found: [string, string][] = [];
  for (const [, name, raw = ''] of end === -1 ? [] : text.slice(end).matchAll(PARAMETER)) {
    if (name === undefined) continue;
    const quoted = raw.startsWith('"');
    found.push([name.toLowerCase(), quoted ? raw.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1') : raw.trim()]);
  }
  // Of a parameter that is repeated browsers take the first.
  const parameters = new Map(found.reverse());
  return { type, parameters: new Map([...parameters].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/**
 * The encoding of a charset by the labels that browsers know, `utf8` and `UTF-8` being one; an unknown one in lower
 * case. Undefined for none.
 */
export function encodingOf(charset: string | undefined): string | undefined {
  if (charset === undefined || charset === '') return undefined;
  try {
    return new TextDecoder(charset).encoding;
  } catch {
    return charset.toLowerCase();
  }
}

/** How a body is compared. */
export type Form = 'json' | 'html' | 'text' | 'bytes' | 'unknown';

export function formOf({ type }: MediaType): Form {
  if (type === '') return 'unknown';
  if (/^(?:application|text)\/json$|\+json$/.test(type)) return 'json';
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  const isText =
    /^text\/|\+xml$|^application\/(?:xml|javascript|ecmascript|x-www-form-urlencoded|x-ndjson|yaml|toml|sql|graphql)$/;
  return isText.test(type) ? 'text' : 'bytes';
}
