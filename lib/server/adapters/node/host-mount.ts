/** Where a host mounted the application: Express and Connect take the mount point off `req.url` and keep both. */
import type { IncomingMessage } from 'node:http';
import { unquoteToNative } from '../../../environ/native-string.js';

/** What hosts leave on a request. */
export interface HostedMessage extends IncomingMessage {
  /** As sent. Express, Connect. */
  originalUrl?: unknown;
  /** What was taken off it. Express. */
  baseUrl?: unknown;
}

export interface Mount {
  /** SCRIPT_NAME. */
  readonly scriptName: string;
  /** The target with the mount point in it, and with what middleware of the host rewrote. */
  readonly target: string;
  /** As sent. */
  readonly uri: string;
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

export function mountOf(message: HostedMessage): Mount {
  const url = message.url as string;
  const { originalUrl, baseUrl } = message;
  if (typeof originalUrl !== 'string' || originalUrl === url) {
    return { scriptName: '', target: url, uri: url };
  }
  const [origin, seen] = split(url);
  const whole = pathOf(split(originalUrl)[1]);
  const base = typeof baseUrl === 'string' ? baseUrl : stripped(whole, pathOf(seen));
  // Hosts turn what is left of the mount point itself into "/", which would be another path.
  const rest = whole === base && seen.startsWith('/') ? seen.slice(1) : seen;
  return { scriptName: unquoteToNative(base), target: origin + base + rest, uri: originalUrl };
}

/** What Connect took off: it does not say. */
function stripped(whole: string, seen: string): string {
  if (whole.endsWith(seen)) return whole.slice(0, whole.length - seen.length);
  return seen === '/' ? whole : '';
}

function split(url: string): [origin: string, rest: string] {
  const origin = ORIGIN.exec(url)?.[0] ?? '';
  return [origin, url.slice(origin.length)];
}

function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}
