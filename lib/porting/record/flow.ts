/** Reads from one socket and writes to the other: it reads no faster than the other side, and its listener, can take. */
import type { Socket } from 'node:net';

/** Milliseconds that a client may take to close, after it was sent the last byte. */
const LINGER_MS = 2000;

/** Why nothing is read: the other side is full, an answer decides what comes, frames are still being inflated. */
export type Reason = 'full' | 'held' | 'frames';

export class Flow {
  readonly #from: Socket;
  readonly #reasons = new Set<Reason>();
  #to: Socket | undefined;

  constructor(from: Socket) {
    this.#from = from;
  }

  /** Stops reading, until `go` was called for every reason. */
  stop(reason: Reason): void {
    this.#reasons.add(reason);
    this.#from.pause();
  }

  go(reason: Reason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#from.resume();
  }

  /** For good: nobody waits any more. */
  goOn(): void {
    this.#reasons.clear();
    this.#from.resume();
  }

  /** Passes bytes on, always to the same socket, which keeps them until it has drained. */
  write(to: Socket, bytes: Uint8Array): void {
    if (this.#to === undefined) {
      this.#to = to;
      to.on('drain', () => this.go('full'));
      // It will not drain any more; what comes is dropped.
      to.on('close', () => this.go('full'));
    }
    if (to.writable && bytes.length > 0 && !to.write(bytes)) this.stop('full');
  }
}

/** Sends what is left and the end; what the other side still sends is to be read and dropped (RFC 9112, section 9.6). */
export function endAndLinger(socket: Socket): void {
  let late: NodeJS.Timeout | undefined;
  const wait = () => {
    if (!socket.destroyed) late = setTimeout(() => socket.destroy(), LINGER_MS);
  };
  socket.once('close', () => clearTimeout(late));
  socket.end();
  // A slow client gets its time: it counts from the last byte.
  if (socket.writableFinished) wait();
  else socket.once('finish', wait);
}

/** With RST, where the system can: the other side sees that it was not the end. Neither Unix sockets nor TLS can. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
