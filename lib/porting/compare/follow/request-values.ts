/** The values that a request contains, wherever it may have them from an earlier answer; and the request with others in their place. */
import type { Fields, RecordedRequest, StoredBody } from '../../exchange.js';
import { boundaryIn, firstValue, mediaTypeOf } from '../../fields.js';
import { segmentName } from './answer-values.js';
import { bytesOf, decodeComponent, isJson } from './body-text.js';
import { replaceSmallParts } from './large-form.js';

/** Gives the value to send instead, or the same. @param name that of the field, key or header; for a segment of a path `/` and the one before it. */
export type Replace = (value: string, name: string) => string;

/** What says who sends or how it is sent: no answer hands these out. */
const NOT_FOLLOWED =
  /^(?:host|cookie|content-.*|connection|transfer-encoding|accept.*|user-agent|origin|date|expect|upgrade.*|te|trailer|sec-.*|cache-control|pragma|dnt|priority|keep-alive|x-forwarded-.*|forwarded)$/;

/** The request with each value replaced. A body other than a form, JSON or text stays as it is. */
export async function replaceValues(request: RecordedRequest, replace: Replace): Promise<RecordedRequest> {
  const target = replaceInTarget(request.target, replace);
  const fields = request.fields.map(([name, value]) => [name, replaceInField(name, value, replace)] as const);
  const body = await replaceInBody(request.body, request.fields, replace);
  return { ...request, target, fields, body };
}

/** Segments of the path and values of the query. What is the same stays as it was encoded. */
export function replaceInTarget(target: string, replace: Replace): string {
  const [, start = '', path = '', query] =
    /^((?:[a-z][a-z\d+.-]*:\/\/[^/?#]*)?)([^?#]*)(?:\?([^#]*))?/i.exec(target) ?? [];
  const recorded = path.split('/');
  const segments = recorded.map((segment, index) =>
    replaceEncoded(segment, segmentName(recorded[index - 1]), replace, encodeURIComponent),
  );
  const rest = query === undefined ? '' : `?${replaceInForm(query, replace)}`;
  return start + segments.join('/') + rest;
}

function replaceInField(name: string, value: string, replace: Replace): string {
  const key = name.toLowerCase();
  if (key === 'referer') return replaceInTarget(value, replace);
  if (key === 'cookie') {
    return value.replace(
      /([^=;\s]+)=("?)([^;"]*)\2/g,
      (_all, cookie: string, quote: string, text: string) => {
        return `${cookie}=${quote}${replace(text, cookie)}${quote}`;
      },
    );
  }
  return NOT_FOLLOWED.test(key) ? value : replace(value, key);
}

/** `application/x-www-form-urlencoded`, as in a query. */
function replaceInForm(text: string, replace: Replace): string {
  const encode = (value: string) => encodeURIComponent(value).replaceAll('%20', '+');
  return text
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=');
      if (at === -1) return pair;
      const name = decodeComponent(pair.slice(0, at).replaceAll('+', ' '));
      return pair.slice(0, at + 1) + replaceEncoded(pair.slice(at + 1), name, replace, encode, true);
    })
    .join('&');
}

function replaceEncoded(
  text: string,
  name: string,
  replace: Replace,
  encode: (value: string) => string,
  plus = false,
): string {
  if (text === '') return text;
  const value = decodeComponent(plus ? text.replaceAll('+', ' ') : text);
  const replaced = replace(value, name);
  return replaced === value ? text : encode(replaced);
}

async function replaceInBody(body: StoredBody, fields: Fields, replace: Replace): Promise<StoredBody> {
  if (body.size === 0 || body.cut || firstValue(fields, 'content-encoding') !== undefined) return body;
  const type = mediaTypeOf(fields);
  const isMultipart = type === 'multipart/form-data';
  // What stands without a type may be a form; JSON is sent as a form and as text too.
  const isForm = type === 'application/x-www-form-urlencoded' || type === '';
  if (!isMultipart && !isForm && !isJson(type) && type !== 'text/plain') return body;
  const utf8: Replace = (value, name) => {
    const known = Buffer.from(value, 'latin1').toString('utf8');
    const replaced = replace(known, name);
    return replaced === known ? value : Buffer.from(replaced).toString('latin1');
  };
  const bytes = await bytesOf(body);
  if (bytes === undefined) return isMultipart ? replaceInLargeForm(body, fields, utf8) : body;
  // As latin-1 no byte is lost, whatever the charset is.
  const text = bytes.toString('latin1');
  let made = text;
  if (isMultipart) made = replaceInMultipart(text, boundaryIn(fields), utf8);
  else if (isJson(type) || /^\s*[[{]/.test(text)) made = replaceInJson(text, utf8);
  else if (isForm) made = replaceInForm(text, replace);
  return made === text ? body : storedBytes(Buffer.from(made, 'latin1'));
}

/** A form with files that are too large for memory: its fields. @param replace of native strings. */
export async function replaceInLargeForm(
  body: StoredBody,
  fields: Fields,
  replace: Replace,
): Promise<StoredBody> {
  const boundary = boundaryIn(fields);
  return boundary === undefined
    ? body
    : replaceSmallParts(body, boundary, (part) => replaceInPart(part, replace));
}

function replaceInMultipart(text: string, boundary: string | undefined, replace: Replace): string {
  if (boundary === undefined) return text;
  const parts = text.split(`--${boundary}`).map((part) => replaceInPart(part, replace));
  return parts.join(`--${boundary}`);
}

/** What stands between two delimiters, if it is a field without a file name (RFC 7578). */
function replaceInPart(part: string, replace: Replace): string {
  const end = part.indexOf('\r\n\r\n');
  const head = part.slice(0, end);
  if (end === -1 || !part.endsWith('\r\n') || /;\s*filename\*?=/i.test(head)) return part;
  const [, name = ''] = /;\s*name="((?:[^"\\]|\\.)*)"/i.exec(head) ?? [];
  return `${head}\r\n\r\n${replace(part.slice(end + 4, -2), name)}\r\n`;
}

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Strings and numbers; all else stays as it was written. */
export function replaceInJson(text: string, replace: Replace): string {
  let name = '';
  return text.replace(JSON_TOKEN, (token: string, colon?: string) => {
    try {
      if (colon !== undefined) {
        name = String(JSON.parse(token.slice(0, -colon.length)));
        return token;
      }
      if (!token.startsWith('"')) {
        const replaced = replace(token, name);
        return /^-?\d+$/.test(replaced) ? replaced : token;
      }
      const value = String(JSON.parse(token));
      const replaced = replace(value, name);
      return replaced === value ? token : JSON.stringify(replaced);
    } catch {
      return token;
    }
  });
}

/** A body in memory. */
export function storedBytes(bytes: Buffer): StoredBody {
  return {
    size: bytes.length,
    cut: false,
    async *read() {
      if (bytes.length > 0) yield bytes;
    },
  };
}
