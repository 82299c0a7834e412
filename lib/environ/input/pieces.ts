/**
 * Bytes that wait in pieces, as they came. A client may send each byte as a chunk of its own, and a piece takes some 400
 * bytes of memory beside its content: small ones are joined.
 */
import type { Readable } from 'node:stream';

/** Bytes: larger pieces stay as they are. */
const SMALL_PIECE = 4096;

/**
 * Adds a piece at the end, and joins it with those before it that are no longer than what it was joined with so far. So each
 * byte is copied a few times at most, and the more pieces there are, the longer they are.
 */
export function addPiece(pieces: Buffer[], piece: Buffer): void {
  const last = pieces.length;
  let from = last;
  let size = piece.length;
  while (from > 0 && size < SMALL_PIECE && (pieces[from - 1] as Buffer).length <= size) {
    size += (pieces[--from] as Buffer).length;
  }
  // Not by push(): websocket/ws.ts has one that calls this.
  pieces[last] = piece;
  if (from < last) pieces[from] = Buffer.concat(pieces.splice(from), size);
}

/** As many pieces are joined at a time where they wait in a stream. */
const MANY = 512;

/** A request whose body waits in its stream until it is read. */
interface WaitingBody extends Readable {
  /** How many pieces came since they were joined. */
  pieces: number;
}

/** Called after each piece, before the end. @param goesOn the client need not wait. @returns the same. */
export function joinWaiting(body: WaitingBody, goesOn: boolean): boolean {
  if (++body.pieces < MANY || body.readableFlowing !== null) return goesOn;
  body.pieces = 0;
  const all = body.read(body.readableLength) as Buffer | null;
  if (all !== null) body.unshift(all);
  return goesOn;
}
