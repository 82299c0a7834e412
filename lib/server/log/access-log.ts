/** The access log: one line per response, in a format of gunicorn's atoms or as JSON. */
import { escapeJson } from '../../logger.js';
import { type AccessEntry, asksForEnviron, COMBINED, compileFormat } from './access-format.js';
import { type LogTarget, openLog } from './log-file.js';

export interface AccessLogOptions {
  readonly accessLogfile: string | undefined;
  readonly accessLogformat?: string;
  readonly logFormat?: 'text' | 'json';
}

export class AccessLog {
  /** A line says something of environ. */
  readonly needsEnviron: boolean;
  readonly #stream: LogTarget;
  readonly #line: (entry: AccessEntry) => string;

  constructor(
    stream: LogTarget,
    { accessLogformat = COMBINED, logFormat = 'text' }: Partial<AccessLogOptions> = {},
  ) {
    this.#stream = stream;
    this.#line = logFormat === 'json' ? jsonLine : compileFormat(accessLogformat);
    this.needsEnviron = logFormat === 'text' && asksForEnviron(accessLogformat);
  }

  write(entry: AccessEntry): void {
    this.#stream.write(`${this.#line(entry)}\n`);
  }

  close(): void {
    this.#stream.close?.();
  }
}

/** @returns undefined where the options name no file. @throws ConfigError if the file cannot be opened. */
export function openAccessLog(options: AccessLogOptions): AccessLog | undefined {
  const { accessLogfile } = options;
  return accessLogfile === undefined
    ? undefined
    : new AccessLog(openLog(accessLogfile, process.stdout), options);
}

/** Names as those of environ, where it has them; what is not there is null. */
function jsonLine(entry: AccessEntry): string {
  const { time, remoteAddr, user, method, target, protocol, status, bytes, duration } = entry;
  return escapeJson(
    JSON.stringify({
      time: time.toISOString(),
      level: 'info',
      logger: 'wsgi.access',
      pid: process.pid,
      remoteAddr: remoteAddr || null,
      user: user ?? null,
      method,
      target,
      protocol,
      status,
      bytes,
      duration: Math.round(duration * 1000) / 1e6,
      referer: entry.header('referer') ?? null,
      userAgent: entry.header('user-agent') ?? null,
    }),
  );
}

/** The user name, never the password, of a Basic `Authorization` header (RFC 7617); undefined if there is none. */
export function basicUser(authorization: string | undefined): string | undefined {
  const credentials = /^basic +([\w+/=-]+) *$/i.exec(authorization ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const pair = Buffer.from(credentials, 'base64').toString('latin1');
  // Without a colon it may be anything, a password for one: not for a log.
  return pair.includes(':') ? pair.slice(0, pair.indexOf(':')) : undefined;
}
