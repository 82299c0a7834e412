/** Finds connections on which neither side has sent a byte for too long. */
import type { Connection, WsgiSocket } from './connection.js';

/** Checks per time limit: silence is found between one limit and a quarter more. */
const CHECKS = 4;

/** A socket as Node's own idle timeout sees it: what the kernel has not taken yet counts as unsent. */
interface Handle {
  readonly writeQueueSize?: number;
}

/** What one look saw. */
interface Seen {
  phase: unknown;
  /** Bytes that had passed. */
  progress: number;
  /** How often it was seen so. */
  times: number;
}

/**
 * One timer looks at all connections. (Node's own timeouts would set a timer for each request and clear it again, at a
 * twentieth of the cost of a small one; bench: hello.)
 */
export class ConnectionWatch {
  readonly #limit: number;
  readonly #phaseOf: (connection: Connection) => unknown;
  readonly #silent: (connection: Connection) => void;
  readonly #connections = new Map<Connection, Seen>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param limit milliseconds; 0: nobody is watched.
   * @param phaseOf what goes on: when it changes, the time begins anew. undefined: nothing that is watched here.
   * @param silent called for a connection that was silent for as long, and again after as long.
   */
  constructor(
    limit: number,
    phaseOf: (connection: Connection) => unknown,
    silent: (connection: Connection) => void,
  ) {
    this.#limit = limit;
    this.#phaseOf = phaseOf;
    this.#silent = silent;
  }

  add(connection: Connection): void {
    if (this.#limit === 0) return;
    this.#connections.set(connection, { phase: undefined, progress: 0, times: 0 });
    connection.socket.once('close', () => this.#remove(connection));
    this.#timer ??= setInterval(() => this.#check(), this.#limit / CHECKS).unref();
  }

  #remove(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    for (const [connection, seen] of this.#connections) {
      const phase = this.#phaseOf(connection);
      const progress = phase === undefined ? 0 : progressOf(connection.socket);
      if (phase === undefined || phase !== seen.phase || progress !== seen.progress) {
        seen.phase = phase;
        seen.progress = progress;
        seen.times = 0;
      } else if (++seen.times >= CHECKS) {
        seen.times = 0;
        this.#silent(connection);
      }
    }
  }
}

function progressOf(socket: WsgiSocket): number {
  const handle = (socket as { _handle?: Handle })._handle;
  return socket.bytesRead + socket.bytesWritten - (handle?.writeQueueSize ?? 0);
}
