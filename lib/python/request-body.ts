/** What Python reads of the body of a request: as much as it asks for, whatever middleware has put in the place of the input. */
import { BodyInput } from '../environ/input/input.js';
import type { Environ } from '../environ/types.js';

/** An input of ours has both; one of middleware may not. */
interface PartialInput {
  read(size: number): Promise<Buffer>;
  read1?(size: number): Promise<Buffer>;
}

/**
 * @param all so many bytes, or what is left of the body; or else what there is.
 * @returns no bytes at the end. Rejects with what Python is to raise.
 */
export async function readBody(environ: Environ, size: number, all: boolean): Promise<Buffer> {
  const input = environ['wsgi.input'] as PartialInput;
  if (!all) return typeof input.read1 === 'function' ? input.read1(size) : input.read(size);
  if (input instanceof BodyInput) return input.read(size);
  // Up to so many bytes is all that others have to give.
  const blocks: Buffer[] = [];
  for (let left = size; left > 0; ) {
    const block = await input.read(left);
    if (block.length === 0) break;
    blocks.push(block);
    left -= block.length;
  }
  return Buffer.concat(blocks);
}
