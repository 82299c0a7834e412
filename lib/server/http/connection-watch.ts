/** Finds connections on which neither side has sent a byte for too long, and clients that read too slowly. */
import { type Placed, PlacedSet } from '../../placed.js';
import { Backlog, kernelRoom } from './backlog.js';
import type { Connection } from './connection.js';
import { hasUnsent, takenOf } from './node-internals.js';

/** Checks per time limit: silence is found between one limit and a quarter more. */
const CHECKS = 4;

/** What one look saw of a connection. One object, for there is one for each that is idle. */
class Seen extends Backlog implements Placed {
  place = -1;
  readonly connection: Connection;
  phase: unknown = undefined;
  /** Bytes that had passed. */
  progress = 0;
  /** How often it was seen so. */
  times = 0;

  constructor(connection: Connection) {
    super(connection.socket, kernelRoom());
    this.connection = connection;
  }
}

type WatchKey = 'silence' | 'rest';

/**
 * One timer looks at all connections. (Node's own timeouts would set a timer for each request and clear it again, at a
 * twentieth of the cost of a small one; bench: hello.)
 */
export class ConnectionWatch {
  readonly #limit: number;
  readonly #phaseOf: (connection: Connection) => unknown;
  readonly #silent: (connection: Connection) => void;
  /** Bytes that a client has to read between two checks. */
  readonly #toRead: number;
  readonly #seen = new PlacedSet<Seen>();
  readonly #key: WatchKey;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param key where a connection has what was seen of it.
   * @param limit milliseconds; 0: nothing is watched.
   * @param phaseOf what goes on: when it changes, the time starts again. undefined: it is not watched.
   * @param silent called for a connection that was silent for as long, and again after as long.
   * @param minRate bytes a second that a client reads which something waits to be sent to; its time begins when it has
   * read, at that rate, all that the kernel took. 0: whatever it reads is enough.
   */
  constructor(
    key: WatchKey,
    limit: number,
    phaseOf: (connection: Connection) => unknown,
    silent: (connection: Connection) => void,
    minRate: number,
  ) {
    this.#key = key;
    this.#limit = limit;
    this.#phaseOf = phaseOf;
    this.#silent = silent;
    this.#toRead = (minRate * limit) / 1000 / CHECKS;
  }

  /** Watches a connection until it is to be forgotten. */
  add(connection: Connection): void {
    if (this.#limit === 0) return;
    const seen = new Seen(connection);
    connection[this.#key] = seen;
    this.#seen.add(seen);
    this.#timer ??= setInterval(() => this.#check(), this.#limit / CHECKS).unref();
  }

  /** It is closed, or something else watches it from now on. */
  forget(connection: Connection): void {
    const seen = connection[this.#key];
    connection[this.#key] = undefined;
    if (!(seen instanceof Seen && this.#seen.delete(seen)) || this.#seen.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    for (const seen of this.#seen.list()) {
      const { connection } = seen;
      const { socket } = connection;
      const phase = this.#phaseOf(connection);
      seen.pass(socket, this.#toRead);
      // A client that has to read may send without reading.
      const waits = hasUnsent(socket);
      const progress = waits ? takenOf(socket) : takenOf(socket) + socket.bytesRead;
      const mayBeReading = waits && !seen.isEmpty;
      if (phase === undefined || phase !== seen.phase || progress !== seen.progress || mayBeReading) {
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
