/** Gives each new connection to a worker: to the one with the fewest, unless it has not taken the last one yet. */
import type { Socket } from 'node:net';
import { stopReading } from '../http/node-internals.js';
import type { WorkerProcess } from './worker-process.js';

/** Milliseconds that a worker has to take a connection, before those that it should have go to others. */
const STUCK_MS = 100;
/** How many connections one may have, beside one that has fewer and will take the next in a moment. */
const SHARE = 1.1;
const SLACK = 2;

/**
 * A worker has at most one connection that is on its way: one that is stuck in a handler keeps no more than that waiting. This
 * process keeps each until it is taken, so that none is lost with a worker that dies.
 */
export class Distribution {
  #timer: NodeJS.Timeout | undefined;
  /** The next to choose from the first, where several have the fewest. */
  #workers: WorkerProcess[] = [];
  readonly #waiting = new Set<Socket>();
  /** Those that a worker has given back. */
  readonly #moved = new WeakSet<Socket>();
  #closed = false;

  add(worker: WorkerProcess): void {
    this.#workers.push(worker);
    this.#serveWaiting();
  }

  /** It gets no more. */
  remove(worker: WorkerProcess): void {
    this.#workers = this.#workers.filter((one) => one !== worker);
  }

  /** It has ended: what it had not taken goes to another one. */
  lost(worker: WorkerProcess): void {
    this.remove(worker);
    const { passing } = worker;
    worker.passing = undefined;
    if (passing !== undefined) this.give(passing);
  }

  /** A new connection, of which nothing was read. */
  readonly give = (socket: Socket): void => {
    if (this.#closed) endUnread(socket);
    else if (!this.#pass(socket)) this.#waiting.add(socket);
  };

  /** One that a worker gives back. Node has begun to read it, and reads at the end of this turn. */
  readonly giveBack = (socket: Socket): void => {
    stopReading(socket);
    this.#moved.add(socket);
    // What becomes of it is a worker's to know.
    socket.on('error', () => socket.destroy());
    this.give(socket);
  };

  taken(worker: WorkerProcess): void {
    // The worker has it as well: nothing is sent, only this process's descriptor is closed.
    worker.passing?.destroy();
    worker.passing = undefined;
    this.#serveWaiting();
  }

  /** Ends those that wait, as a server that stops does with connections without a request. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const socket of this.#waiting) endUnread(socket);
    this.#waiting.clear();
  }

  #serveWaiting(): void {
    for (const socket of this.#waiting) {
      if (!this.#pass(socket)) return;
      this.#waiting.delete(socket);
    }
  }

  #pass(socket: Socket): boolean {
    const worker = this.#choose();
    if (worker === undefined) return false;
    worker.passing = socket;
    worker.passedAt = performance.now();
    worker.connections++;
    worker.channel.send('connection', { moved: this.#moved.has(socket) }, socket, true);
    return true;
  }

  /** Undefined: the connection has to wait, for a worker that is free, or for the one that is to have it. */
  #choose(): WorkerProcess | undefined {
    const now = performance.now();
    let chosen: WorkerProcess | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const worker of this.#workers) {
      const free = worker.passing === undefined;
      if (free && !(chosen !== undefined && worker.connections >= chosen.connections)) chosen = worker;
      if (free || now - worker.passedAt < STUCK_MS) fewest = Math.min(fewest, worker.connections);
    }
    if (chosen === undefined) return undefined;
    if (chosen.connections > fewest * SHARE + SLACK) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#serveWaiting();
      }, STUCK_MS);
      return undefined;
    }
    this.#workers.push(...this.#workers.splice(this.#workers.indexOf(chosen), 1));
    return chosen;
  }
}

function endUnread(socket: Socket): void {
  socket.end(() => socket.destroy());
}
