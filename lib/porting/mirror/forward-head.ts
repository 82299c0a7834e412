/** Where `forward` sends requests, and the head of each: its target, and its headers without those of one connection. */
import { inspect } from 'node:util';
import { isHopByHop, parseUrl } from '../../environ/syntax.js';
import type { Body, Environ, StartResponse } from '../../environ/types.js';
import { ConfigError } from '../../errors.js';
import { logger } from '../../logger.js';
import { checkOptionNames } from '../../option-names.js';
import { rawHeadersOf, targetsOf } from '../../server/adapters/from/environ-request.js';

export interface ForwardOptions {
  /** Seconds in which the other server may be silent before the answer is 504, or is cut. Default 60; 0 is no limit. */
  readonly timeout?: number | undefined;
  /**
   * Tell the other server who the client is, with X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, in place of
   * what the client sent under these names. Default false: the request goes as it came.
   */
  readonly forwarded?: boolean | undefined;
}

/** Where requests go, and how. */
export interface Upstream {
  /** Without a slash at its end. */
  readonly url: URL;
  /** Of the path in `url`; `''` as a rule. */
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly forwarded: boolean;
}

const OPTIONS = ['timeout', 'forwarded'];
/** Node's timers take no more. */
const LONGEST_S = 2_147_483;

/** @throws ConfigError for what is not the URL of a server, or an option that cannot work. */
export function upstreamOf(given: string | URL, options: ForwardOptions): Upstream {
  checkOptionNames('forward()', options, OPTIONS);
  const url = parseUrl(String(given));
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new ConfigError(
      `forward() takes the URL of a server, such as 'http://127.0.0.1:8000', not ${inspect(given)}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError('forward() takes a URL without a user: clients send an Authorization of their own');
  }
  const { timeout = 60, forwarded = false } = options;
  if (!(typeof timeout === 'number' && timeout >= 0 && timeout <= LONGEST_S)) {
    throw new ConfigError(
      `timeout of forward() is a number of seconds from 0 to ${LONGEST_S}, not ${inspect(timeout)}`,
    );
  }
  return { url, prefix: url.pathname.replace(/\/+$/, ''), timeoutMs: timeout * 1000, forwarded };
}

/** The other server failed. */
export class UpstreamError extends Error {
  readonly status: 502 | 504;

  constructor(message: string, status: 502 | 504 = 502) {
    super(message);
    this.status = status;
  }
}

/** Without them a body has another end, and a request another server, than the sender meant: `Connection` cannot take them away. */
const FOR_ALL = new Set(['content-length', 'host']);

/** Without the headers of one connection: those that are always so, and those that `Connection` names. */
export function endToEnd(rawHeaders: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  const named = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    all.push([name, value]);
    if (name.toLowerCase() === 'connection') {
      for (const one of value.split(',')) named.add(one.trim().toLowerCase());
    }
  }
  for (const name of FOR_ALL) named.delete(name);
  return all.filter(([name]) => !isHopByHop(name) && !named.has(name.toLowerCase()));
}

/** The target and the headers of the request, for the other server. In environ no name appears twice. */
export function headOf(
  upstream: Upstream,
  environ: Environ,
): { path: string; headers: Record<string, string> } {
  const { whole } = targetsOf(environ);
  // Expect was answered by the server that the client reached.
  const headers = endToEnd(rawHeadersOf(environ)).filter(
    ([name]) =>
      !/^expect$/i.test(name) && !(upstream.forwarded && /^x-forwarded-(?:for|proto|host)$/i.test(name)),
  );
  if (upstream.forwarded) {
    headers.push(['X-Forwarded-For', environ.REMOTE_ADDR], ['X-Forwarded-Proto', environ['wsgi.url_scheme']]);
    if (environ.HTTP_HOST !== undefined) headers.push(['X-Forwarded-Host', environ.HTTP_HOST]);
  }
  if (environ.HTTP_HOST === undefined) headers.push(['Host', upstream.url.host]);
  return { path: whole === '*' ? whole : upstream.prefix + whole, headers: Object.fromEntries(headers) };
}

/** The answer to the client where the other server gave none; the log says why. */
export function answerError(
  error: UpstreamError,
  { url }: Upstream,
  environ: Environ,
  start_response: StartResponse,
): Body {
  const reason = error.status === 504 ? 'Gateway Timeout' : 'Bad Gateway';
  // Of a client that left, the request was ended here.
  if (!environ['node.abort_signal']?.aborted) {
    const target = inspect(`${environ.REQUEST_METHOD} ${targetsOf(environ).whole}`);
    logger.warning(
      `forward: ${error.status} for ${target}, for ${url.origin} gave no answer: ${error.message}`,
    );
  }
  start_response(`${error.status} ${reason}`, [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`The server at ${url.origin} gave no answer: ${error.message}\n`)];
}
