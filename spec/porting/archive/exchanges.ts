/** Exchanges of archives, for specs: read, looked into, and made. */
import { readExchanges } from '../../../lib/porting/archive/read.js';
import type { Exchange, Fields, StoredBody } from '../../../lib/porting/exchange.js';

/** All of an archive; what is left out must be nothing, or is collected. */
export async function exchangesIn(path: string, skipped: string[] = []): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  for await (const one of readExchanges(path, { onskip: (sentence) => skipped.push(sentence) }))
    exchanges.push(one);
  return exchanges;
}

export async function bytesOf(body: StoredBody | undefined): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of body?.read() ?? []) blocks.push(block);
  return Buffer.concat(blocks);
}

export async function textOf(body: StoredBody | undefined): Promise<string> {
  return (await bytesOf(body)).toString('utf8');
}

export function valueIn(fields: Fields, lower: string): string | undefined {
  return fields.find(([name]) => name.toLowerCase() === lower)?.[1];
}
