/** Links to the server that was asked: they name it on one side and not on the other, and lead to the same place. */
import { nativeToText } from '../../environ/native-string.js';
import { parseUrl } from '../../environ/syntax.js';

/** Only a base for relative links, where nobody knows the URL of the request. */
const NOWHERE = 'http://unknown.invalid/';

/**
 * A link as it leads from `from`: to the same server without its host (`/login?next=/`), to others in full.
 * @param from the URL of the request; undefined if it is not known.
 */
export function plainUrl(link: string, from: string | undefined): string {
  const base = parseUrl(from ?? NOWHERE) ?? new URL(NOWHERE);
  let text = link;
  try {
    // Fields are bytes as latin-1; an application sends UTF-8 or escapes, and a browser reads both alike.
    text = nativeToText(link);
  } catch {
    // It has characters that no field can have, so it came decoded.
  }
  const url = parseUrl(text, base);
  if (url === undefined) return text;
  if (url.protocol !== base.protocol || url.host !== base.host) return url.href;
  return `${url.pathname}${url.search}${url.hash}`;
}

/** An attribute's value without the host of the server, if it begins with that; everything else stays as it is. */
export function withoutOwnHost(link: string, from: string | undefined): string {
  const origin = from === undefined ? undefined : parseUrl(from)?.origin;
  if (origin === undefined || !link.startsWith(origin)) return link;
  const rest = link.slice(origin.length);
  if (rest === '') return '/';
  return /^[/?#]/.test(rest) ? rest : link;
}
