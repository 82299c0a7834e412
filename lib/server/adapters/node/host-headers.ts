/** The headers of a request that came through a host: as they were sent, but for what its middleware changed. */
import type { IncomingMessage } from 'node:http';

/**
 * Middleware adds, replaces and deletes in `req.headers`. What was sent more than once stands there joined or shortened
 * by Node: of that, middleware can only delete.
 * @returns flat: name, value, name, value.
 */
export function hostHeaders({ headers, rawHeaders }: IncomingMessage): string[] {
  const times = new Map<string, number>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  const flat: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (headers[name] !== undefined && times.get(name) !== 1) flat.push(name, rawHeaders[i + 1] as string);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || (times.get(name) ?? 0) > 1) continue;
    for (const one of Array.isArray(value) ? value : [value]) flat.push(name, String(one));
  }
  return flat;
}
