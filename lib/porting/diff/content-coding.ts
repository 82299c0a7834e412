/** The bytes of a body without its content codings (RFC 9110, section 8.4), block by block. */
import type { Duplex } from 'node:stream';
import zlib from 'node:zlib';
import type { Answer } from '../exchange.js';
import { itemsOf, valuesOf } from '../fields.js';

/** So that a body that was cut still gives all that can be read of it. */
const CUT = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

/** Of Node 22.15; older ones leave such a body as it is. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Duplex };

function decoderOf(coding: string, cut: boolean, isRaw: boolean): Duplex | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip(cut ? CUT : {});
    case 'deflate':
      return isRaw ? zlib.createInflateRaw(cut ? CUT : {}) : zlib.createInflate(cut ? CUT : {});
    case 'br':
      return zlib.createBrotliDecompress(cut ? { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH } : {});
    case 'zstd':
      return createZstdDecompress?.();
    default:
      return undefined;
  }
}

/** In the order in which they were applied; `identity` is none. */
function codingsOf(answer: Answer): string[] {
  const items = valuesOf(answer.fields, 'content-encoding').flatMap(itemsOf);
  return items.map((item) => item.toLowerCase()).filter((item) => item !== 'identity');
}

/**
 * Coded bytes that cannot be decoded, or in a coding that this Node does not know, are given as they are.
 * @param decode false gives the bytes as they were sent.
 */
export async function* blocksOf(answer: Answer, decode = true): AsyncGenerator<Buffer, void, undefined> {
  const decoders: Duplex[] = [];
  for (const coding of decode && answer.body.size > 0 ? codingsOf(answer).reverse() : []) {
    const isRaw = coding === 'deflate' && decoders.length === 0 && (await isRawDeflate(answer));
    const decoder = decoderOf(coding, answer.body.cut, isRaw);
    if (decoder === undefined) break;
    decoders.push(decoder);
  }
  const [first] = decoders;
  if (first === undefined) {
    yield* answer.body.read();
    return;
  }
  let last = first;
  for (const decoder of decoders.slice(1)) last = last.pipe(decoder);
  for (const decoder of decoders.slice(0, -1)) decoder.on('error', (error) => last.destroy(error));
  // It pushes from the source by itself; a failure there ends the decoder too.
  const fed = feed(answer, first);
  try {
    for await (const block of last) yield block as Buffer;
  } finally {
    for (const decoder of decoders) decoder.destroy();
    await fed;
  }
}

/** Some servers send deflate without its zlib wrapper (RFC 9110, section 8.4.1.2, note), and browsers read it. */
async function isRawDeflate(answer: Answer): Promise<boolean> {
  for await (const block of answer.body.read()) {
    const [first] = block;
    // The wrapper names its method, 8, in the lower half of its first byte (RFC 1950).
    if (first !== undefined) return (first & 0x0f) !== 8;
  }
  return false;
}

/** Rejects never: what goes wrong is the decoder's end. */
async function feed(answer: Answer, decoder: Duplex): Promise<void> {
  try {
    for await (const block of answer.body.read()) {
      if (decoder.destroyed) return;
      if (!decoder.write(block)) await drained(decoder);
    }
    decoder.end();
  } catch (error) {
    decoder.destroy(error as Error);
  }
}

function drained(decoder: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      decoder.off('drain', done);
      decoder.off('close', done);
      resolve();
    };
    decoder.on('drain', done);
    decoder.on('close', done);
    if (decoder.destroyed) done();
  });
}

/** False for a body whose codings are known and do not fit its bytes. */
export async function canDecode(answer: Answer): Promise<boolean> {
  if (codingsOf(answer).length === 0) return true;
  try {
    for await (const _ of blocksOf(answer));
    return true;
  } catch {
    return false;
  }
}
