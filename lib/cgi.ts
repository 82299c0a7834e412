/** The public names of `wsgi/cgi`: `runCgi` without the servers, which take longer to load than a request to answer. */

export { runCgi } from './server/cgi/run-cgi.js';
export type { BlockingCgiOptions, CgiOptions } from './server/options/gateway-options.js';
