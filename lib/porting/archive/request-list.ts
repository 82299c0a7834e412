/** A list of requests that nobody recorded: a text file with one a line, `GET /path?query`. */
import { ConfigError } from '../../errors.js';
import type { Exchange } from '../exchange.js';
import { NO_BODY } from './bodies.js';

/** Method and target, `HTTP/1.1` perhaps after them, as an access log has them. */
const LINE = /^(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]+)?(\S+)(?:[ \t]+HTTP\/\d(?:\.\d)?)?$/;

/**
 * The request of a line; undefined for an empty one and for a comment, which begins with `#`. A path alone is a GET.
 * @param place for the message: `requests.txt:3`.
 * @throws ConfigError if it is not a request.
 */
export function requestOfLine(line: string, place: string): Exchange | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const match = LINE.exec(text);
  const method = match?.[1] ?? 'GET';
  const target = (match?.[2] ?? '').replace(/^https?:\/\/[^/?#]+(?=[/?#]|$)/i, '').replace(/#.*$/, '') || '/';
  const path = target.startsWith('?') ? `/${target}` : target;
  const isTarget = path.startsWith('/') || (path === '*' && method === 'OPTIONS');
  // The case of a method matters, but one in lower case is a slip.
  if (match === null || !isTarget || method !== method.toUpperCase()) {
    throw new ConfigError(
      `${place}: ${JSON.stringify(text.slice(0, 80))} is not a request. Write one on each line, GET /path?query for example`,
    );
  }
  if (!/^[\x21-\x7e]*$/.test(path)) {
    throw new ConfigError(
      `${place}: ${JSON.stringify(path.slice(0, 80))} has characters that a request line cannot have: percent-encode them`,
    );
  }
  return { request: { method, target: path, fields: [], body: NO_BODY } };
}
