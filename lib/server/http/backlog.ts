/** What a client may still have to read of what was sent to it: an estimate, because the kernel does not tell. */
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { takenOf } from './node-internals.js';

/** What the kernel has for sending at most, where it does not say: the default of Linux, and about that of others. */
const USUAL_ROOM = 4 * 1024 ** 2;

let room: number | undefined;

/** Bytes that the kernel holds for one connection, sent or not, until its peer's kernel has them (tcp(7), `tcp_wmem`). */
export function kernelRoom(): number {
  room ??= readRoom();
  return room;
}

function readRoom(): number {
  try {
    const [, , most] = readFileSync('/proc/sys/net/ipv4/tcp_wmem', 'latin1').split(/\s+/).map(Number);
    return most || USUAL_ROOM;
  } catch {
    return USUAL_ROOM;
  }
}

/**
 * Node calls bytes written once the kernel has taken them. That takes megabytes, and then no more until a good part of
 * them is read: at a few kilobytes a second that is minutes without a sign of life. So what the kernel took is counted
 * off at the slowest rate that is allowed. As long as any of it is left, a client of that rate may be reading it; when
 * none is left, such a client has read all, and the kernel would have room.
 */
export class Backlog {
  #bytes = 0;
  #taken: number;
  readonly #most: number;

  /** @param most bytes that there can be; what was taken beyond has been read. */
  constructor(stream: Duplex, most: number) {
    this.#taken = takenOf(stream);
    this.#most = most;
  }

  /** What a client that reads as slowly as is allowed has not read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Such a client has read everything. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Time has passed in which a client has to read so many bytes. */
  pass(stream: Duplex, bytes: number): void {
    const taken = takenOf(stream);
    const more = Math.max(0, taken - this.#taken);
    // What was taken meanwhile may have been taken just now.
    this.#bytes = Math.min(Math.max(0, this.#bytes - bytes) + more, this.#most);
    this.#taken = taken;
  }

  /** The client has read all but so many bytes. */
  hasAtMost(bytes: number): void {
    this.#bytes = Math.min(this.#bytes, Math.max(0, bytes));
  }
}
