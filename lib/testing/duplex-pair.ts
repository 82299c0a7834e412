/** Two streams that are the two ends of one connection in memory. */
import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** What is written to one is read from the other, no faster than that is read. */
export function duplexPair(): [Duplex, Duplex] {
  const one = new Side();
  const other = new Side();
  one.join(other);
  other.join(one);
  return [one, other];
}

class Side extends Duplex {
  #other: Side = this;
  /** What the other side waits for. */
  #taken: Done | undefined;

  constructor() {
    // As the sockets of an HTTP server: either direction ends by itself.
    super({ allowHalfOpen: true });
  }

  join(other: Side): void {
    this.#other = other;
  }

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const other = this.#other;
    if (other.destroyed) done(brokenPipe());
    // There is nothing to read, so `_read` would not be called; `node:http` ends a message with it.
    else if (chunk.length === 0) process.nextTick(done);
    else {
      other.#taken = done;
      other.push(chunk);
    }
  }

  override _final(done: Done): void {
    if (!this.#other.destroyed) this.#other.push(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const other = this.#other;
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.(brokenPipe());
    if (!other.destroyed && !this.writableFinished) other.push(null);
    done(error);
  }

  /** As that of a socket: what was written is sent first. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('The other end of the connection was closed'), { code: 'EPIPE' });
}
