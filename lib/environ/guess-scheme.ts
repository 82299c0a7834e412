/** The scheme of a request that a web server hands on by CGI: Python's `wsgiref.util.guess_scheme`. */

/** What Apache and others put into HTTPS; nothing else counts, `ON` and `true` neither. */
const ON: ReadonlySet<unknown> = new Set(['yes', 'on', '1']);

/** For a gateway behind CGI or FastCGI. An environ of ours has the answer in `wsgi.url_scheme`. */
export function guessScheme(environ: Readonly<Record<string, unknown>>): 'http' | 'https' {
  return ON.has(environ['HTTPS']) ? 'https' : 'http';
}
