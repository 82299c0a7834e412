/** Where the original listens: `--upstream` as it is written, and connections to it. */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseUrl } from '../../environ/syntax.js';
import { ConfigError } from '../../errors.js';
import { logger } from '../../logger.js';

export interface Upstream {
  /** For messages. */
  readonly name: string;
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly tls: boolean;
  /** False: any certificate is taken. */
  readonly verify: boolean;
}

export const UPSTREAM_RULE =
  'a URL such as http://127.0.0.1:8000, https://example.com or unix:/path/of/a.sock';

/** @throws ConfigError */
export function parseUpstream(text: string, verify = true): Upstream {
  if (/^unix:./.test(text)) return { name: text, socketPath: text.slice(5), tls: false, verify };
  const hint = /^[\w.-]+:\d+$/.test(text) ? `: write http://${text}` : '';
  const url = /^https?:\/\//i.test(text) ? parseUrl(text) : undefined;
  if (url === undefined) {
    throw new ConfigError(`--upstream must be ${UPSTREAM_RULE}, not ${JSON.stringify(text)}${hint}`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new ConfigError(
      `--upstream is the server alone, without a path: requests keep their own. Write ${url.protocol}//${url.host}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError('--upstream takes no user and password: clients send their own Authorization');
  }
  const tls = url.protocol === 'https:';
  return {
    name: `${url.protocol}//${url.host}`,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (tls ? 443 : 80)),
    tls,
    verify,
  };
}

/** Milliseconds after which the system asks whether the other machine is still there. */
export const KEEP_ALIVE_MS = 60_000;

/** A connection that is being made. It is ready at `secureConnect` or `connect`. */
export function connectTo({ host = '', port = 0, socketPath, tls, verify }: Upstream): Socket {
  if (socketPath !== undefined) return connect({ path: socketPath, allowHalfOpen: true });
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  if (!tls) return socket;
  return connectTls({
    socket,
    host,
    rejectUnauthorized: verify,
    ALPNProtocols: ['http/1.1'],
    // RFC 6066, section 3: not for addresses.
    ...(isIP(host) === 0 && { servername: host }),
  });
}

/**
 * There is no connection to the original: logs that.
 * @returns why, for the archive, and the answer to the client.
 */
export function unreachable(
  { name }: Upstream,
  error: NodeJS.ErrnoException,
  request: { readonly method: string; describe(): string } | undefined,
): { failure: string; answer: string } {
  // Of several addresses there is a code, and no message.
  const failure = error.code ?? error.message;
  const hint = /CERT|SIGNATURE|ALTNAME/.test(failure) ? '. --no-verify takes any certificate' : '';
  const what = request?.describe() ?? 'a request';
  logger.error(`${name} cannot be reached for ${what}: ${error.message || failure}${hint}`);
  const { head, body } = answerOf('502 Bad Gateway', `The original at ${name} cannot be reached: ${failure}`);
  return { failure, answer: request?.method === 'HEAD' ? head : head + body };
}

/** The answer to a request that is not passed on. */
export function badRequest(fault: string): string {
  const { head, body } = answerOf('400 Bad Request', `This request cannot be read: ${fault}`);
  return head + body;
}

function answerOf(status: string, sentence: string): { head: string; body: string } {
  const body = `${sentence}\n`;
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    '',
  ].join('\r\n');
  return { head, body };
}
