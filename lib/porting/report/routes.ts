/** The route of a request: its method and path, with ids in it taken for one, so that `/items/7` and `/items/9` are one. */
import { nativeToText } from '../../environ/native-string.js';

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const NUMBER = /^[-+]?\d+(?:[.,:-]\d+)*$/;
/** Digests, ids of MongoDB; with a digit, for `feedface` may be a word. */
const HEX = /^(?=.*\d)[0-9a-f]{8,}$/i;
/** Tokens: long, and with letters and digits. */
const TOKEN = /^(?=.*\d)(?=.*[a-z])[\w~.=-]{20,}$/i;
/** `post-12`, `order_7`: a word and its number. */
const NUMBERED = /^(.*[a-z][-_])\d+$/i;
/** Characters of a route that is shown. */
const LONGEST = 120;

/** @param target as on the request line; its query does not count. */
export function routeOf(method: string, target: string): string {
  const path = pathOf(target).split('/').map(placeholder).join('/');
  return `${method} ${path.length > LONGEST ? `${path.slice(0, LONGEST)}…` : path}`;
}

function pathOf(target: string): string {
  // The absolute form (RFC 9112, section 3.2.2), as clients of proxies send it.
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path === '' ? '/' : path;
}

function placeholder(segment: string): string {
  const text = decoded(segment);
  const [, name = text, extension = ''] = /^(.+?)(\.[a-z][a-z0-9]{0,4})?$/i.exec(text) ?? [];
  if ([UUID, NUMBER, HEX, TOKEN].some((form) => form.test(name))) return `{id}${extension}`;
  const numbered = NUMBERED.exec(name);
  return numbered === null ? segment : `${numbered[1]}{id}${extension}`;
}

function decoded(segment: string): string {
  try {
    return nativeToText(decodeURIComponent(segment));
  } catch {
    return segment;
  }
}
