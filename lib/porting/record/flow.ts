/** Reads from one socket and writes to the other: it reads no faster than the other side, and whoever listens, can take. */
import type { Socket } from 'node:net';

export class Flow {
  readonly #from: Socket;
  readonly #reasons = new Set<string>();

  constructor(from: Socket) {
    this.#from = from;
  }

  /** Stops reading, until `go` was called for every reason. */
  stop(reason: string): void {
    this.#reasons.add(reason);
    this.#from.pause();
  }

  go(reason: string): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#from.resume();
  }

  /** Passes bytes on. They are copied by the system, or kept until `to` has drained. */
  write(to: Socket, bytes: Uint8Array): void {
    if (!to.writable || bytes.length === 0 || to.write(bytes)) return;
    this.stop('full');
    to.once('drain', () => this.go('full'));
    // It will not drain any more; what comes is dropped.
    to.once('close', () => this.go('full'));
  }
}
