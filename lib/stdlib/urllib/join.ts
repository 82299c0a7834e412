/** `urljoin` and `urldefrag` of Python's urllib.parse (3.13). */
import { bind, type Given } from '../arguments.js';
import { isTrue } from '../values.js';
import { coerce, type UrlText } from './coerce.js';
import { type Component, DefragResult } from './results.js';
import { uses_netloc, uses_relative } from './schemes.js';
import { parse } from './split.js';
import { unparse } from './unsplit.js';

export interface JoinKeywords {
  /** False: `#` is a character like others. Default: true. */
  readonly allow_fragments?: boolean | number;
}

type JoinArguments = Given<[allow_fragments: boolean | number], JoinKeywords>;

/**
 * Python's `urljoin(base, url, allow_fragments=True)`: where a link `url` leads to in a document at `base` (RFC 3986 section
 * 5.2), for the schemes of `uses_relative`; for others it is `url` as it is.
 *
 * A link to `//evil.example` leads to another host. `\\evil.example` and `/\evil.example` stay on this one here, but
 * **browsers leave it**: never check a redirect by `urljoin` alone.
 * @throws ValueError as `urlsplit`. TypeError for text and bytes mixed.
 */
export function urljoin(base: string, url: string, ...given: JoinArguments): string;
export function urljoin(base: Uint8Array, url: Uint8Array, ...given: JoinArguments): Buffer;
/** If either is empty or null, the other one is returned, whatever it is. */
export function urljoin<T>(base: UrlText | null, url: T, ...given: JoinArguments): T | UrlText | null;
export function urljoin(base: unknown, url: unknown, ...given: JoinArguments): unknown {
  const { allow_fragments = true } = bind('urljoin', ['allow_fragments'], given);
  if (!isTrue(base)) return url;
  if (!isTrue(url)) return base;
  const { texts, result } = coerce([base, url]);
  const [from = '', to = ''] = texts;
  return result(join(from, to, isTrue(allow_fragments)));
}

function join(base: string, url: string, allowFragments: boolean): string {
  const [bscheme = '', bnetloc = '', bpath = '', bparams = '', bquery = ''] = parse(base, '', allowFragments);
  const [scheme = '', netloc = '', path = '', params = '', query = '', fragment = ''] = parse(
    url,
    bscheme,
    allowFragments,
  );
  if (scheme !== bscheme || !uses_relative.includes(scheme)) return url;
  const hasNetloc = uses_netloc.includes(scheme);
  if (hasNetloc && netloc !== '') return unparse([scheme, netloc, path, params, query, fragment]);
  const host = hasNetloc ? bnetloc : netloc;
  if (path === '' && params === '') {
    return unparse([scheme, host, bpath, bparams, query === '' ? bquery : query, fragment]);
  }
  return unparse([scheme, host, joinPaths(bpath, path), params, query, fragment]);
}

/** Without `.` and `..` (RFC 3986 section 5.2.4); those that would lead above the root are left out. */
function joinPaths(base: string, path: string): string {
  let segments = path.split('/');
  if (!path.startsWith('/')) {
    const parents = base.split('/');
    // The last one is a document, unless the base ends with a slash.
    if (parents.at(-1) !== '') parents.pop();
    segments = [...parents, ...segments];
    // Two slashes become one.
    segments = segments.filter((one, i) => one !== '' || i === 0 || i === segments.length - 1);
  }
  const resolved: string[] = [];
  for (const segment of segments) {
    if (segment === '..') resolved.pop();
    else if (segment !== '.') resolved.push(segment);
  }
  // A last `.` or `..` is a folder.
  if (/^\.\.?$/.test(segments.at(-1) ?? '')) resolved.push('');
  return resolved.join('/') || '/';
}

/** Python's `urldefrag(url)`: `[url, fragment]`, the URL up to `#` and what follows. @throws as `urlsplit`. */
export function urldefrag(url: string): DefragResult<string>;
export function urldefrag(url: Uint8Array | null): DefragResult<Buffer>;
export function urldefrag(url: UrlText | null): DefragResult<Component> {
  const { texts, result } = coerce([url]);
  const [text = ''] = texts;
  if (!text.includes('#')) return new DefragResult(result(text), result(''));
  const components = parse(text, '', true);
  const [fragment = ''] = components.splice(5, 1, '');
  return new DefragResult(result(unparse(components)), result(fragment));
}
