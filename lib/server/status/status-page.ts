/** What is answered under `--status-path`: to whom, to which methods, and with what. */
import { type BlockList, isIPv6 } from 'node:net';
import { andThen } from '../../environ/maybe-promise.js';
import type { Environ, MaybePromise } from '../../environ/types.js';
import { RequestError } from '../../errors.js';
import type { ResponseHead } from '../../interpreter/sink.js';
import { blockList } from '../http/forwarded.js';
import { renderMetrics } from './metrics.js';
import type { ServerStatus } from './server-status.js';
import { chooseFormat, STATUS_TYPES, type StatusFormat } from './status-format.js';

export interface StatusAnswer {
  readonly head: ResponseHead;
  /** Empty for HEAD. */
  readonly body: Buffer;
}

/** What only a proxy adds: the request is not from the peer itself. */
const BY_PROXY = ['HTTP_X_FORWARDED_FOR', 'HTTP_FORWARDED', 'HTTP_X_REAL_IP'] as const;

const SLASH = 0x2f;

export class StatusPage {
  /** How many are reading it now. */
  readers = 0;
  readonly #path: string;
  /** Undefined: everybody may read it. */
  readonly #allowed: BlockList | undefined;
  readonly #read: () => MaybePromise<ServerStatus>;

  /**
   * @param path as it is in a request, still percent-encoded. @param allowed IP addresses, CIDR ranges, or `*`.
   * @param read gives the status of the whole server.
   */
  constructor(path: string, allowed: readonly string[], read: () => MaybePromise<ServerStatus>) {
    this.#path = path;
    this.#allowed = allowed.includes('*') ? undefined : blockList(allowed);
    this.#read = read;
  }

  /**
   * Exactly its path, as it was sent, with any query. What only means the same (`%73tatus`) is the application's: a proxy
   * that keeps clients from the path may not decode it.
   */
  matches(target: string): boolean {
    if (target.startsWith(this.#path)) return this.#endsAt(target, this.#path.length);
    if (target.charCodeAt(0) === SLASH) return false;
    const authority = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(target)?.[0].length ?? 0;
    return target.startsWith(this.#path, authority) && this.#endsAt(target, authority + this.#path.length);
  }

  #endsAt(target: string, end: number): boolean {
    return target.length === end || target[end] === '?' || target[end] === '#';
  }

  /**
   * @param environ of the request, with what a trusted proxy says of its client.
   * @throws RequestError 400, 403
   */
  answer(environ: Environ): MaybePromise<StatusAnswer> {
    if (!this.#allows(environ)) {
      throw new RequestError(403, 'The status is not for this address: see --status-allow-ips');
    }
    const method = environ.REQUEST_METHOD;
    if (method !== 'GET' && method !== 'HEAD') {
      const text = `405 Method Not Allowed\n\nThe status is read with GET or HEAD, not ${method}.\n`;
      return answerOf(405, 'Method Not Allowed', ['Allow', 'GET, HEAD', 'Content-Type', 'text/plain'], text);
    }
    const format = chooseFormat(environ.QUERY_STRING, environ['HTTP_ACCEPT']);
    return andThen(this.#read(), (status) => render(status, format, method === 'HEAD'));
  }

  /** Of a Unix socket the peer has no address: its file's mode says who may connect. */
  #allows(environ: Environ): boolean {
    if (this.#allowed === undefined) return true;
    const { REMOTE_ADDR: address, REMOTE_PORT: port } = environ;
    // A proxy that is trusted told the address, and its port is not known then: see `Forwarded`.
    const told = port === undefined && address !== '';
    if (!told && BY_PROXY.some((key) => environ[key] !== undefined)) return false;
    return address === '' || this.#allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

function render(status: ServerStatus, format: StatusFormat, isHead: boolean): StatusAnswer {
  const text = format === 'json' ? `${JSON.stringify(status, null, 2)}\n` : renderMetrics(status, format);
  return answerOf(200, 'OK', ['Content-Type', STATUS_TYPES[format]], text, isHead);
}

function answerOf(
  status: number,
  reason: string,
  headers: readonly string[],
  text: string,
  bodiless = false,
): StatusAnswer {
  const body = Buffer.from(text);
  const all = [...headers, 'Content-Length', `${body.length}`, 'Cache-Control', 'no-store'];
  const head = { status, reason, headers: all, hasLength: true, bodiless, hasServer: false, close: false };
  return { head, body: bodiless ? Buffer.alloc(0) : body };
}
