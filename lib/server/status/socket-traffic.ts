/** The connections of a server for its status: how many, and their bytes, which are read when somebody asks. */
import type { Socket } from 'node:net';
import { takenOf } from '../http/node-internals.js';

export class SocketTraffic {
  total = 0;
  readonly #open = new Set<Socket>();
  /** Of those that are closed. */
  #received = 0;
  #sent = 0;

  /** Listener of `connection`: with TLS the connection below it. One that was handed back to the server comes again. */
  readonly add = (socket: Socket): void => {
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    this.total++;
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#received += socket.bytesRead;
      this.#sent += takenOf(socket);
    });
  };

  get open(): number {
    return this.#open.size;
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    let [received, sent] = [this.#received, this.#sent];
    for (const socket of this.#open) {
      received += socket.bytesRead;
      sent += takenOf(socket);
    }
    return { received, sent };
  }
}
