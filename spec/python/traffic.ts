/** Random clients of applications/behaviour.py: what they send and expect, and how they leave. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Expected = (bytes: Buffer, headers: IncomingHttpHeaders) => boolean;

/**
 * Undefined for an answer that did not come, or was cut: `fetch` of Node 20 takes a chunked body that is cut for a whole
 * one, where the connection was to close after it.
 */
export function ask(url: string, body?: Buffer) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; bytes: Buffer } | undefined>(
    (resolve) => {
      const message = request(url, { method: body === undefined ? 'GET' : 'POST', agent: false });
      message.on('error', () => resolve(undefined));
      message.once('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        const blocks: Buffer[] = [];
        response.on('data', (block: Buffer) => blocks.push(block));
        response.on('error', () => resolve(undefined));
        response.once('close', () =>
          resolve(response.complete ? { status, headers, bytes: Buffer.concat(blocks) } : undefined),
        );
      });
      message.end(body);
    },
  );
}

export function bytesFrom(random: () => number, size: number): Buffer {
  const start = Math.floor(random() * 2 ** 32);
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (start + index * 2_654_435_761) >>> 24));
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function isText(text: string): Expected {
  return (bytes) => bytes.toString() === text;
}

/** Its hash came before it. */
export function isWhole(bytes: Buffer, headers: IncomingHttpHeaders): boolean {
  return hashOf(bytes) === headers['x-digest'];
}

/** Opens a request, and leaves once it has begun. */
export async function leave(url: string, body: Buffer | undefined): Promise<void> {
  const headers = body === undefined ? {} : { 'Content-Length': String(body.length * 2) };
  const message = request(url, { method: body === undefined ? 'GET' : 'POST', headers });
  message.on('error', () => undefined);
  if (body === undefined) message.end();
  else await new Promise<void>((resolve) => message.write(body, () => resolve()));
  if (body === undefined) await Promise.race([once(message, 'response'), once(message, 'close')]);
  message.destroy();
}
