/** Values in a multipart/form-data body of any size: small parts are looked at, files stay where they are. */
import type { StoredBody } from '../../exchange.js';

/** Bytes. A field that is longer is not a token. */
const MAX_PART = 64 * 1024;

/** Bytes that take the place of others. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Buffer;
}

/**
 * The body with small parts replaced, read from the first one again each time.
 * @param boundary as Content-Type has it. @param replace gets what stands between two delimiters, in latin-1.
 */
export async function replaceSmallParts(
  body: StoredBody,
  boundary: string,
  replace: (part: string) => string,
): Promise<StoredBody> {
  const edits: Edit[] = [];
  let size = body.size;
  for await (const { start, bytes } of smallParts(body, Buffer.from(`--${boundary}`, 'latin1'))) {
    const text = bytes.toString('latin1');
    const replaced = replace(text);
    if (replaced === text) continue;
    edits.push({ start, end: start + bytes.length, bytes: Buffer.from(replaced, 'latin1') });
    size += replaced.length - text.length;
  }
  return edits.length === 0 ? body : { ...body, size, read: () => edited(body, edits) };
}

async function* smallParts(
  body: StoredBody,
  delimiter: Buffer,
): AsyncGenerator<{ start: number; bytes: Buffer }> {
  /** Where the part begins that is open, and where `rest` does: the same until the part is too long. */
  let start = 0;
  let at = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of body.read()) {
    rest = Buffer.concat([rest, block]);
    for (let found = rest.indexOf(delimiter); found !== -1; found = rest.indexOf(delimiter)) {
      if (at === start) yield { start, bytes: rest.subarray(0, found) };
      at += found + delimiter.length;
      start = at;
      rest = rest.subarray(found + delimiter.length);
    }
    if (rest.length <= MAX_PART) continue;
    // It may end with the first bytes of a delimiter.
    const dropped = rest.length - delimiter.length;
    at += dropped;
    rest = Buffer.from(rest.subarray(dropped));
  }
}

async function* edited(body: StoredBody, edits: readonly Edit[]): AsyncGenerator<Buffer> {
  let at = 0;
  let next = 0;
  for await (const block of body.read()) {
    const end = at + block.length;
    let from = at;
    for (let edit = edits[next]; edit !== undefined && edit.start < end; edit = edits[next]) {
      if (edit.start >= at) {
        if (edit.start > from) yield block.subarray(from - at, edit.start - at);
        yield edit.bytes;
      }
      from = Math.min(edit.end, end);
      // The rest of what it replaces is in the blocks that follow.
      if (edit.end > end) break;
      next += 1;
    }
    if (from < end) yield block.subarray(from - at);
    at = end;
  }
}
