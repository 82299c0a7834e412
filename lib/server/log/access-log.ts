/** The access log: one line per response in Apache's Combined Log Format (httpd mod_log_config). */
import { type LogTarget, openLog } from './log-file.js';

/** What a line says. The strings may come from the client, as they are: one character per byte. */
export interface AccessEntry {
  readonly remoteAddr: string;
  /** Who the request says it is from: see `basicUser`. */
  readonly user?: string | undefined;
  /** When the request came. */
  readonly time: Date;
  /** Method, target and version, as sent. */
  readonly requestLine: string;
  readonly status: number;
  /** Bytes of the response body that were sent. */
  readonly bytes: number;
  readonly referer?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Writes `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`. */
export class AccessLog {
  readonly #stream: LogTarget;

  constructor(stream: LogTarget) {
    this.#stream = stream;
  }

  write(entry: AccessEntry): void {
    const user = entry.user === '' ? '""' : field(entry.user);
    const what = `"${field(entry.requestLine)}" ${entry.status} ${entry.bytes || '-'}`;
    const who = `"${field(entry.referer)}" "${field(entry.userAgent)}"`;
    this.#stream.write(`${field(entry.remoteAddr)} - ${user} [${clfTime(entry.time)}] ${what} ${who}\n`);
  }

  close(): void {
    this.#stream.close?.();
  }
}

/** @param path `-` is standard output. @throws ConfigError if the file cannot be opened. */
export function openAccessLog(path: string): AccessLog {
  return new AccessLog(openLog(path, process.stdout));
}

/** The user name, never the password, of a Basic `Authorization` header (RFC 7617); undefined if there is none. */
export function basicUser(authorization: string | undefined): string | undefined {
  const credentials = /^basic +([\w+/=-]+) *$/i.exec(authorization ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const pair = Buffer.from(credentials, 'base64').toString('latin1');
  // Without a colon it may be anything, a password for one: not for a log.
  return pair.includes(':') ? pair.slice(0, pair.indexOf(':')) : undefined;
}

function field(value: string | undefined): string {
  return value ? escapeField(value) : '-';
}

const SPECIAL = /[^ !#-[\]-~]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** As httpd's ap_escape_logitem: what a client sent can neither end a field nor drive a terminal. */
export function escapeField(value: string): string {
  return value.replace(SPECIAL, (character) => ESCAPES[character] ?? hex(character));
}

function hex(character: string): string {
  const code = character.charCodeAt(0);
  const bytes = code > 0xff ? Buffer.from(character) : [code];
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
let lastSecond = Number.NaN;
let lastTime = '';

/** `10/Oct/2000:13:55:36 -0700`: local time, English months. One text serves a whole second. */
export function clfTime(time: Date): string {
  const second = Math.floor(time.getTime() / 1000);
  if (second === lastSecond) return lastTime;
  const date = `${two(time.getDate())}/${MONTHS[time.getMonth()]}/${time.getFullYear()}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  // JavaScript counts the minutes to UTC, the log those from it.
  const east = -time.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  lastSecond = second;
  lastTime = `${date}:${clock} ${zone}`;
  return lastTime;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
