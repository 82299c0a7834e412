/** `urlunsplit` and `urlunparse` of Python's urllib.parse: the components of a URL, put together again. */
import { ValueError } from '../errors.js';
import { coerce, type UrlText } from './coerce.js';
import { uses_netloc } from './schemes.js';

/**
 * Python's `urlunsplit((scheme, netloc, path, query, fragment))`. What is empty is left out, with its delimiter.
 * @throws ValueError unless there are five components. TypeError if text and bytes are mixed.
 */
export function urlunsplit(components: Iterable<string | null>): string;
export function urlunsplit(components: Iterable<UrlText | null>): string | Buffer;
export function urlunsplit(components: Iterable<UrlText | null>): string | Buffer {
  const { texts, result } = coerce(exactly(5, components, 'urlunsplit'));
  return result(unsplit(texts));
}

/**
 * Python's `urlunparse((scheme, netloc, path, params, query, fragment))`.
 * @throws ValueError unless there are six components. TypeError if text and bytes are mixed.
 */
export function urlunparse(components: Iterable<string | null>): string;
export function urlunparse(components: Iterable<UrlText | null>): string | Buffer;
export function urlunparse(components: Iterable<UrlText | null>): string | Buffer {
  const { texts, result } = coerce(exactly(6, components, 'urlunparse'));
  return result(unparse(texts));
}

/** @internal */
export function unparse(components: readonly string[]): string {
  const [scheme = '', netloc = '', path = '', params = '', query = '', fragment = ''] = components;
  return unsplit([scheme, netloc, params === '' ? path : `${path};${params}`, query, fragment]);
}

/** @internal */
export function unsplit(components: readonly string[]): string {
  const [scheme = '', netloc = '', path = '', query = '', fragment = ''] = components;
  let url = path;
  if (netloc !== '') url = `//${netloc}${path === '' || path.startsWith('/') ? '' : '/'}${path}`;
  // Otherwise the path would be read as a host.
  else if (path.startsWith('//')) url = `//${path}`;
  else if (scheme !== '' && uses_netloc.includes(scheme) && /^(?:\/|$)/.test(path)) url = `//${path}`;
  if (scheme !== '') url = `${scheme}:${url}`;
  if (query !== '') url += `?${query}`;
  if (fragment !== '') url += `#${fragment}`;
  return url;
}

function exactly(count: number, components: Iterable<unknown>, callable: string): unknown[] {
  const found = [...components];
  if (found.length === count) return found;
  throw new ValueError(`${callable}() takes ${count} components, but ${found.length} were given`);
}
