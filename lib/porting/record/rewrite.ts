/** The head that the original gets where it is not the client's own: X-Forwarded-For, -Proto and -Host, and Host. */
import type { Socket } from 'node:net';
import { plainAddress } from '../../environ/syntax.js';
import { type Field, type Head, listedIn, parseRequestLine, Unreadable } from './http/head.js';

export interface Rewriting {
  readonly forwarded: boolean;
  readonly hostHeader: string | undefined;
}

const FORWARDED = /^x[-_]forwarded[-_](?:for|proto|host)$/i;

/**
 * What the client says of itself is left out, and so is what would have the original read other requests than those that
 * are rewritten here.
 * @throws Unreadable where it cannot be left out.
 */
export function rewritten(head: Head, client: Socket, { forwarded, hostHeader }: Rewriting): Head {
  const fields = checked(head)
    .filter(([name]) => !(forwarded && FORWARDED.test(name)))
    .map(
      ([name, value]): Field => [
        name,
        hostHeader !== undefined && name.toLowerCase() === 'host' ? hostHeader : value,
      ],
    );
  if (forwarded) {
    const host = head.fields.find(([name]) => name.toLowerCase() === 'host')?.[1];
    const address = client.remoteAddress === undefined ? 'unknown' : plainAddress(client.remoteAddress);
    fields.push(['X-Forwarded-For', address], ['X-Forwarded-Proto', 'http']);
    if (host !== undefined) fields.push(['X-Forwarded-Host', host]);
  }
  const lines = [head.start, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''];
  return { start: head.start, fields, raw: Buffer.from(lines.join('\r\n'), 'latin1') };
}

function checked({ start, fields }: Head): Field[] {
  const { method, version } = parseRequestLine(start);
  // After it bytes of any kind would pass, and no server of a site has a use for it.
  if (method === 'CONNECT') throw new Unreadable('its method is CONNECT');
  // A line end to some servers.
  if (fields.some(([name, value]) => /[\r\0]/.test(name + value)))
    throw new Unreadable('a field holds CR or NUL');
  let left = fields;
  if (listedIn(fields, 'transfer-encoding').length > 0) {
    // RFC 9112, section 6.1: they may mean different ends of the body.
    if (version !== '1.1') throw new Unreadable(`it has Transfer-Encoding, and HTTP/${version}`);
    left = left.filter(([name]) => name.toLowerCase() !== 'content-length');
  }
  // HTTP/2 has requests too.
  const isWebSocket = listedIn(fields, 'upgrade').every((protocol) => protocol === 'websocket');
  return isWebSocket ? left : left.filter(([name]) => name.toLowerCase() !== 'upgrade');
}
