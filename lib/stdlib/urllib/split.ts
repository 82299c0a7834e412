/** `urlsplit` and `urlparse` of Python's urllib.parse (3.13): a URL taken apart, and nothing in it changed. */
import { bind, type Given } from '../arguments.js';
import { isTrue } from '../values.js';
import { coerce, type UrlText } from './coerce.js';
import { checkNetloc } from './netloc.js';
import { type Component, ParseResult, SplitResult } from './results.js';
import { schemeOf, uses_params } from './schemes.js';

export interface SplitKeywords {
  /** Of a URL that has none: `''`. */
  readonly scheme?: UrlText;
  /** False: `#` is a character like others. Default: true. */
  readonly allow_fragments?: boolean | number;
}

type SplitArguments = Given<[scheme: UrlText, allow_fragments: boolean | number], SplitKeywords>;

/**
 * Python's `urlsplit(url, scheme='', allow_fragments=True)`: `[scheme, netloc, path, query, fragment]`, which also have
 * names, and `username`, `password`, `hostname`, `port`, `geturl()`. Bytes in, bytes out.
 *
 * It checks next to nothing, and a browser reads many URLs in another way: `http://good\@evil/` has the host `evil` here,
 * and `good` there.
 * @throws ValueError for brackets without an IPv6 address, and for a host with characters that stand for delimiters.
 * TypeError for text and bytes mixed. UnicodeDecodeError for bytes above 0x7f.
 */
export function urlsplit(url: string, ...given: SplitArguments): SplitResult<string>;
export function urlsplit(url: Uint8Array | null, ...given: SplitArguments): SplitResult<Buffer>;
export function urlsplit(url: UrlText | null, ...given: SplitArguments): SplitResult<Component> {
  const { texts, result, allowFragments } = bound('urlsplit', url, given);
  const [text = '', scheme = ''] = texts;
  return new SplitResult(...split(text, scheme, allowFragments).map(result));
}

/**
 * Python's `urlparse(url, scheme='', allow_fragments=True)`: `[scheme, netloc, path, params, query, fragment]`, where params
 * follow `;` in the last segment of the path. `urlsplit` leaves them there.
 * @throws as `urlsplit`.
 */
export function urlparse(url: string, ...given: SplitArguments): ParseResult<string>;
export function urlparse(url: Uint8Array | null, ...given: SplitArguments): ParseResult<Buffer>;
export function urlparse(url: UrlText | null, ...given: SplitArguments): ParseResult<Component> {
  const { texts, result, allowFragments } = bound('urlparse', url, given);
  const [text = '', scheme = ''] = texts;
  return new ParseResult(...parse(text, scheme, allowFragments).map(result));
}

function bound(callable: string, url: unknown, given: readonly unknown[]) {
  const { scheme = '', allow_fragments = true } = bind(callable, ['scheme', 'allow_fragments'], given);
  return { ...coerce([url, scheme]), allowFragments: isTrue(allow_fragments) };
}

/** @internal */
export function parse(url: string, scheme: string, allowFragments: boolean): string[] {
  const [found = '', netloc = '', path = '', query = '', fragment = ''] = split(url, scheme, allowFragments);
  const semicolon = path.indexOf(';', Math.max(path.lastIndexOf('/'), 0));
  if (semicolon === -1 || !uses_params.includes(found)) return [found, netloc, path, '', query, fragment];
  return [found, netloc, path.slice(0, semicolon), path.slice(semicolon + 1), query, fragment];
}

function split(given: string, defaultScheme: string, allowFragments: boolean): string[] {
  // As browsers do (https://url.spec.whatwg.org/#concept-basic-url-parser), but white space at the end stays.
  const url = withoutBreaks(given.replace(/^[\x00-\x20]+/, ''));
  const { scheme, rest } = schemeOf(url) ?? { scheme: schemeFrom(defaultScheme), rest: url };
  let netloc = '';
  let path = rest;
  if (rest.startsWith('//')) {
    const end = rest.slice(2).search(/[/?#]/);
    netloc = end === -1 ? rest.slice(2) : rest.slice(2, end + 2);
    path = end === -1 ? '' : rest.slice(end + 2);
  }
  let fragment = '';
  let query = '';
  if (allowFragments) [path, fragment] = cut(path, '#');
  [path, query] = cut(path, '?');
  checkNetloc(netloc);
  return [scheme, netloc, path, query, fragment];
}

function schemeFrom(given: string): string {
  return withoutBreaks(given.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, ''));
}

function withoutBreaks(text: string): string {
  return text.replace(/[\t\r\n]/g, '');
}

function cut(text: string, delimiter: string): [before: string, after: string] {
  const at = text.indexOf(delimiter);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
