/** Finds requests on which neither side has sent a byte for too long. */
import type { Connection, WsgiSocket } from './connection.js';

/** Checks per timeout: a request is found between one timeout and a quarter more. */
const CHECKS = 4;

/** A socket as Node's own idle timeout sees it: what the kernel has not taken yet counts as unsent. */
interface Handle {
  readonly writeQueueSize?: number;
}

/**
 * One timer looks at all busy connections. (`server.timeout` would set a timer for each request, at a tenth of the cost
 * of a small one.)
 */
export class SilenceWatch {
  readonly #timeout: number;
  readonly #connections = new Set<Connection>();
  #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds; 0: nobody is watched. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  add(connection: Connection): void {
    if (this.#timeout === 0) return;
    this.#connections.add(connection);
    connection.socket.once('close', () => this.#remove(connection));
    this.#timer ??= setInterval(() => this.#check(), this.#timeout / CHECKS).unref();
  }

  #remove(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    for (const connection of this.#connections) {
      const { current, socket } = connection;
      if (current === undefined) continue;
      const progress = progressOf(socket);
      if (current !== connection.watched || progress !== connection.progress) {
        connection.watched = current;
        connection.progress = progress;
        connection.quiet = 0;
      } else if (++connection.quiet >= CHECKS) {
        connection.quiet = 0;
        current.silent();
      }
    }
  }
}

function progressOf(socket: WsgiSocket): number {
  const handle = (socket as { _handle?: Handle })._handle;
  return socket.bytesRead + socket.bytesWritten - (handle?.writeQueueSize ?? 0);
}
