/** The public names of `wsgi/cgi`: `runCgi` without the servers, which take longer to load than a request to answer. */
export type { CgiOptions } from './server/cgi/cgi-options.js';
export { runCgi } from './server/cgi/run-cgi.js';
