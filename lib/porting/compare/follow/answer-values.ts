/** The values that an answer hands out, each with its place: two servers give the same value at the same place. */
import { unescape as unescapeHtml } from '../../../stdlib/html.js';
import type { Answer, Fields } from '../../exchange.js';
import { mediaTypeOf } from '../../fields.js';
import { decodeComponent, isHtml, isJson, textOf } from './body-text.js';
import { isId, isIdName, isOpaque, WORD } from './specific.js';

/** A value, where it stands, and the name that it has there. */
export interface Handed {
  /** The same for the value that another server gives instead of this one. */
  readonly place: string;
  readonly name: string;
  readonly value: string;
  /** Only a request that has it under the same name has it from here: a hidden field that holds `1`. */
  readonly byName: boolean;
}

/** Fields whose values clients send back: validators (RFC 9110 section 8.8), and tokens under names of their own. */
const NOT_SENT_BACK =
  /^(?:set-cookie|location|content-location|content-.*|date|server|connection|transfer-encoding|vary|cache-control|age|expires|allow|keep-alive|sec-websocket-.*|link)$/;
/** Characters before a token in a text that say where it stands. */
const CONTEXT = 16;

export async function handedOut(answer: Answer): Promise<Handed[]> {
  const found = [...fromFields(answer.fields)];
  const text = await textOf(answer.body, answer.fields);
  if (text === undefined) return found;
  const type = mediaTypeOf(answer.fields);
  if (isJson(type)) found.push(...fromJson(text));
  if (isHtml(type)) found.push(...fromHtml(text));
  found.push(...fromText(text));
  return found;
}

/** Of a message of a WebSocket. */
export function* handedOutInText(text: string): Generator<Handed, void, undefined> {
  if (/^\s*[[{]/.test(text)) yield* fromJson(text);
  else yield { place: 'message', name: '', value: text, byName: !isOpaque(text) };
  yield* fromText(text);
}

function* fromFields(fields: Fields): Generator<Handed, void, undefined> {
  const seen = new Map<string, number>();
  for (const [field, value] of fields) {
    const name = field.toLowerCase();
    if (name === 'set-cookie') {
      const [, key = '', text = ''] = /^\s*([^=;]+?)\s*=\s*"?([^;"]*?)"?\s*(?:;|$)/.exec(value) ?? [];
      yield { place: `cookie ${key}`, name: key, value: text, byName: !isOpaque(text) };
    } else if (name === 'location' || name === 'content-location') {
      yield* fromUrl(value, name);
    } else if (!NOT_SENT_BACK.test(name)) {
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      if (value.length >= 6)
        yield { place: `header ${name} ${count}`, name, value, byName: !isOpaque(value) };
    }
  }
}

/** Ids in its path, and in its query: a word there says where to go, and is the same on both sides or a difference. */
function* fromUrl(url: string, where: string): Generator<Handed, void, undefined> {
  const [, path = '', query = ''] =
    /^(?:[a-z][a-z\d+.-]*:)?(?:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(url) ?? [];
  const segments = path.split('/').map(decodeComponent);
  const shape = segments.map((segment) => (isInPath(segment) ? '*' : segment)).join('/');
  for (const [index, value] of segments.entries()) {
    if (!isInPath(value)) continue;
    yield {
      place: `${where} ${shape} ${index}`,
      name: segmentName(segments[index - 1]),
      value,
      byName: !isId(value),
    };
  }
  for (const pair of query === '' ? [] : query.split('&')) {
    const [, key = '', text = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const [name, value] = [decodeComponent(key), decodeComponent(text.replaceAll('+', ' '))];
    if (isOpaque(value) || (isIdName(name) && isId(value))) {
      yield { place: `${where} ${shape} ?${name}`, name, value, byName: false };
    }
  }
}

/** An id, or a word that has one at its end: `hello-world-2`. */
function isInPath(segment: string): boolean {
  return isId(segment) || /^[^.]*[^.\d][-_]?\d+$/.test(segment);
}

/** What stands for a name with a segment of a path: the one before it. */
export function segmentName(before = ''): string {
  return `/${before}`;
}

/** Strings, and what is under the name of an id. */
function* fromJson(text: string): Generator<Handed, void, undefined> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return;
  }
  const ahead: [pointer: string, name: string, value: unknown][] = [['', '', parsed]];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const [pointer, name, value] = next;
    if (typeof value === 'object' && value !== null) {
      // Elements of a list have the name of the list.
      const isList = Array.isArray(value);
      for (const [key, entry] of Object.entries(value))
        ahead.push([`${pointer}/${key}`, isList ? name : key, entry]);
    } else if (typeof value === 'string' || typeof value === 'number') {
      const written = String(value);
      const specific = isOpaque(written) || (isIdName(name) && isId(written));
      if (written !== '') yield { place: `json ${pointer}`, name, value: written, byName: !specific };
    }
  }
}

const TAG = /<(input|meta|a|form|link|script|iframe|button|option|img)\b((?:[^>"']|"[^"]*"|'[^']*')*)>/gi;
const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g;

/** Hidden fields of forms, `meta` elements, and ids in links. */
function* fromHtml(text: string): Generator<Handed, void, undefined> {
  const seen = new Map<string, number>();
  const placeOf = (key: string) => {
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return `${key} ${count}`;
  };
  for (const [, tag = '', inside = ''] of text.matchAll(TAG)) {
    const attributes = new Map<string, string>();
    for (const [, name = '', double, single, bare] of inside.matchAll(ATTRIBUTE)) {
      attributes.set(name.toLowerCase(), unescapeHtml(double ?? single ?? bare ?? ''));
    }
    const element = tag.toLowerCase();
    const name = attributes.get('name') ?? '';
    const value = attributes.get(element === 'meta' ? 'content' : 'value') ?? '';
    if (name !== '' && value !== '') {
      const hidden = attributes.get('type')?.toLowerCase() === 'hidden';
      const place = placeOf(`html ${element} ${name}`);
      if (hidden || isOpaque(value)) yield { place, name, value, byName: !isOpaque(value) };
    }
    for (const attribute of ['href', 'action', 'formaction', 'src']) {
      const url = attributes.get(attribute);
      if (url !== undefined) yield* fromUrl(url, placeOf(`html ${element} ${attribute}`));
    }
  }
}

/** Tokens wherever they stand, in a script for example, by the text before them. */
function* fromText(text: string): Generator<Handed, void, undefined> {
  const seen = new Map<string, number>();
  for (const match of text.matchAll(WORD)) {
    const [value] = match;
    const before = text.slice(Math.max(0, match.index - CONTEXT), match.index);
    const count = (seen.get(before) ?? 0) + 1;
    seen.set(before, count);
    if (isOpaque(value)) yield { place: `text ${before} ${count}`, name: '', value, byName: false };
  }
}
