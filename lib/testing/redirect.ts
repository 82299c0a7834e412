/** Where a redirect leads, and what the next request is (RFC 9110 section 15.4, "HTTP-redirect fetch" of Fetch). */
import { nativeToText } from '../environ/native-string.js';
import { parseUrl } from '../environ/syntax.js';
import { WsgiError } from '../errors.js';
import { type Address, hostOf, urlOf } from './address.js';
import type { RequestOptions } from './request-options.js';
import type { TestResponse } from './test-response.js';

const STATUSES = new Set([301, 302, 303, 307, 308]);

/** A redirect that the client cannot follow: out of the application, without end, or with a body that was used up. */
export class RedirectError extends WsgiError {
  /** The response that asked for it. */
  readonly response: TestResponse;

  constructor(message: string, response: TestResponse) {
    super('WSGI_ERR_TESTING_REDIRECT', message);
    this.response = response;
  }
}

/** True for a response that names where to go. */
export function isRedirect(response: TestResponse): boolean {
  return STATUSES.has(response.statusCode) && response.header('location') !== undefined;
}

/**
 * @param subdomains a host below that of `from` is the same application.
 * @returns the URL, which is within the application.
 */
export function redirectTarget(response: TestResponse, from: Address, subdomains: boolean): string {
  const location = nativeToText(response.header('location') ?? '');
  const base = urlOf(from);
  const to = parseUrl(location, base);
  if (to === undefined) {
    throw new RedirectError(`The Location of a redirect is not a URL: ${JSON.stringify(location)}`, response);
  }
  const { site } = from;
  const known = to.hostname === site.hostname || (subdomains && to.hostname.endsWith(`.${site.hostname}`));
  if (!/^https?:$/.test(to.protocol) || !known || to.port !== site.port) {
    throw new RedirectError(
      `${base} redirects to ${to.href}, which is not the application under test (${hostOf(site)})`,
      response,
    );
  }
  if (to.pathname !== site.mount && !to.pathname.startsWith(`${site.mount}/`)) {
    throw new RedirectError(
      `${base} redirects to ${to.href}, which is outside of where the application is mounted (${site.mount}/)`,
      response,
    );
  }
  return `${to.origin}${to.pathname}${to.search}`;
}

/** The headers that describe a body, and go with it. */
const OF_BODY = /^(?:content-(?:type|length|encoding|language|location)|transfer-encoding)$/i;
/** What the next request says itself. */
const OF_TARGET = /^(?:REQUEST_METHOD|PATH_INFO|QUERY_STRING|REQUEST_URI|RAW_URI|HTTP_HOST)$/;
const OF_CONTENT = /^(?:CONTENT_\w+|wsgi\.input)$/;

/**
 * The options of the next request. 303 asks for a GET (or HEAD), 301 and 302 turn a POST into one, as browsers do; 307
 * and 308 repeat the request.
 * @param headers those of the request, as pairs.
 */
export function redirectOptions<O extends RequestOptions>(
  statusCode: number,
  method: string,
  options: O,
  headers: readonly (readonly [string, string])[],
): O {
  const isGet = method === 'GET' || method === 'HEAD';
  const becomesGet = statusCode === 303 ? !isGet : statusCode < 303 && method === 'POST';
  const kept = Object.entries(options.environ ?? {}).filter(
    ([key]) => !OF_TARGET.test(key) && !(becomesGet && OF_CONTENT.test(key)),
  );
  const dropped = (name: string) => /^host$/i.test(name) || (becomesGet && OF_BODY.test(name));
  const next = {
    ...options,
    query: undefined,
    method: becomesGet ? 'GET' : method,
    headers: headers.filter(([name]) => !dropped(name)),
    environ: Object.fromEntries(kept),
  };
  return becomesGet
    ? { ...next, form: undefined, files: undefined, json: undefined, text: undefined, body: undefined }
    : next;
}
