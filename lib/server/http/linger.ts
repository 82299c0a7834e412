/** The end of a connection whose client may still be sending: it gets to read its answer before a reset. */
import type { Duplex } from 'node:stream';
import { readAgain } from './node-internals.js';
import { silence } from './silence.js';

// What still comes is read and thrown away for as long, and as much, as this: a client that first sends all of its
// request, and then reads, cannot be answered otherwise. (nginx: lingering_time, lingering_timeout.)

/** Milliseconds from the answer on. */
export const LINGER_MS = 30_000;
/** Milliseconds without a byte. */
export const LINGER_SILENCE_MS = 5000;
/** Bytes. */
export const LINGER_BYTES = 1024 ** 3;

/**
 * Destroys the connection once the client has ended it, or a bound is reached. The answer is written, and its end.
 * @param socket nothing else reads it any more.
 */
export function linger(socket: Duplex): void {
  let left = LINGER_BYTES;
  let silence: NodeJS.Timeout | undefined;
  let whole: NodeJS.Timeout | undefined;
  const destroy = () => socket.destroy();
  // Until it has read the answer, other timeouts apply.
  const answered = () => {
    if (socket.readableEnded) destroy();
    else if (!socket.destroyed) {
      silence = setTimeout(destroy, LINGER_SILENCE_MS);
      whole = setTimeout(destroy, LINGER_MS);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    silence?.refresh();
    left -= chunk.length;
    if (left < 0) destroy();
  });
  socket.once('end', () => {
    if (socket.writableFinished) destroy();
  });
  socket.once('close', () => {
    clearTimeout(silence);
    clearTimeout(whole);
  });
  if (socket.writableFinished) answered();
  else socket.once('finish', answered);
  read(socket);
}

function read(socket: Duplex): void {
  // What the parser holds of an unread body must not stop this.
  silence(socket, 'pause');
  socket.resume();
  readAgain(socket);
}
