/** Python's `wsgiref.util.guess_scheme`. */
import type { LooseEnviron } from './loose-environ.js';

/** What Apache and others put into HTTPS; nothing else counts, `ON` and `true` neither. */
const ON: ReadonlySet<unknown> = new Set(['yes', 'on', '1']);

/** For a gateway behind CGI or FastCGI. An environ of ours has the answer in `wsgi.url_scheme`. */
export function guessScheme(environ: Readonly<LooseEnviron>): 'http' | 'https' {
  return ON.has(environ['HTTPS']) ? 'https' : 'http';
}
