/** Requests of a plan as bytes. */
import { contentOf } from './content.js';
import type { RequestPlan } from './plan.js';

export function headOf({ method, order, chunks, padding, expects }: RequestPlan, version: string): Buffer {
  const lines = [
    `${method} /${order.id} HTTP/${version}`,
    'Host: traffic',
    `X-Order: ${JSON.stringify(order)}`,
  ];
  if (version === '1.0') lines.push('Connection: keep-alive');
  if (padding > 0) lines.push(`X-Padding: ${'p'.repeat(padding)}`);
  if (expects) lines.push('Expect: 100-continue');
  if (chunks !== undefined) lines.push('Transfer-Encoding: chunked');
  else if (method === 'POST') lines.push(`Content-Length: ${order.sent}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** As it goes over the wire: in chunks, if it is to be. */
export function bodyOf({ order: { id, sent, kind }, chunks }: RequestPlan): Buffer {
  const content = contentOf(id, sent, kind);
  if (chunks === undefined) return content;
  const parts: Buffer[] = [];
  for (let at = 0, count = 0; at < sent; count++) {
    const part = content.subarray(at, at + (chunks[count % chunks.length] as number));
    at += part.length;
    const size = part.length.toString(16);
    const line = count % 5 === 1 ? `${size.toUpperCase()};name=value` : size;
    parts.push(Buffer.from(`${line}\r\n`, 'latin1'), part, Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(`0\r\n${chunks.length % 2 === 0 ? 'X-Trailer: 1\r\n' : ''}\r\n`, 'latin1'));
  return Buffer.concat(parts);
}
