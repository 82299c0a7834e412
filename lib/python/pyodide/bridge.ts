/** What Python calls in a thread of Pyodide (lib/python/py/wsgi_gateway/pyodide_channel.py). Only integers cross often. */
import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { Frame } from '../../server/threads/shared/ring.js';
import { FROM_PYTHON } from '../messages.js';
import { callOf, MORE, OF_THREAD, type PyodideLine } from './line.js';
import type { FileSystem, PyProxy } from './runtime.js';

/** Kind, whether more follows, number of the request, number of the call. */
const HEAD = 12;

// What `receive` gives instead of a size.
const NOTHING = 0;
const INTERRUPTED = -1;
const CLOSED = -2;

/** An application that needs as much by itself may have twice that. */
const LARGE = 512 * 1024 * 1024;

const EMPTY = new Uint8Array(0);

interface Derivation {
  readonly digest: string;
  readonly iterations: number;
  readonly size: number;
}

/** Python sees its methods and nothing else. No method throws. */
export class Bridge {
  protected readonly line: PyodideLine;
  readonly #files: FileSystem;
  /** Bytes of Python's memory, which never shrinks. */
  readonly #size: () => number;
  readonly #note: ((modules: readonly string[]) => void) | undefined;
  readonly #frame = new Frame();
  #memory: PyProxy | undefined;
  #buffer: ReturnType<PyProxy['getBuffer']> | undefined;
  #view: Buffer = Buffer.from(EMPTY);
  /** The thread is replaced when Python has more. */
  #most = 0;
  #isTired = false;

  /** @param note for what was imported from packages, if that is wanted. */
  constructor(
    line: PyodideLine,
    files: FileSystem,
    size: () => number,
    note?: (modules: readonly string[]) => void,
  ) {
    this.line = line;
    this.#files = files;
    this.#size = size;
    this.#note = note;
  }

  /** The memory that frames are passed in: a bytearray that keeps its size. */
  readonly attach = (memory: PyProxy): void => {
    this.#memory = memory.copy();
  };

  /** Takes the frame of so many bytes that Python has put into the memory. */
  readonly send = (size: number): void => {
    const memory = this.look();
    const kind = memory[0] as number;
    // Python waits for the next request then, which rings.
    const isLast = kind === FROM_PYTHON.done || kind === FROM_PYTHON.whole;
    if (isLast) this.#tire();
    const payload = memory.subarray(HEAD, size);
    const more = memory[1] !== 0;
    this.line.send(kind, more, memory.readUInt32BE(4), memory.readUInt32BE(8), payload);
    if (!isLast) this.line.bell.ring();
  };

  /** Puts the next frame into the memory, and gives its size; or one of the values above. */
  readonly receive = (wait: boolean): number => {
    const frame = this.#frame;
    const line = this.line;
    let found = line.take(frame);
    if (!found && wait) {
      line.block(() => {
        found = line.take(frame);
        return found || line.isInterrupted || line.isClosed;
      });
    }
    if (!found) return line.isInterrupted ? INTERRUPTED : wait ? CLOSED : NOTHING;
    return this.put(frame.type, frame.flags, frame.id, callOf(frame), frame.bytes);
  };

  /** @returns whether it was interrupted. */
  readonly sleep = (milliseconds: number): boolean => {
    this.line.block(() => this.line.isInterrupted, milliseconds);
    return this.line.isInterrupted;
  };

  /** The request that KeyboardInterrupt is for. */
  readonly interrupted = (): number => this.line.takeInterrupt();

  /** The application is there. @returns whether `note` is to be called with what it has imported from packages. */
  readonly loaded = (): boolean => {
    this.#most = Math.max(LARGE, 2 * this.#size());
    return this.#note !== undefined;
  };

  /** @param modules as JSON. */
  readonly note = (modules: string): void => this.#note?.(JSON.parse(modules) as string[]);

  /** Descriptor, device and inode of a file on the host; undefined where it is in the memory of Pyodide. */
  readonly identify = (descriptor: number): string | undefined => {
    try {
      const nfd = this.#files.getStream?.(descriptor)?.nfd;
      if (nfd === undefined) return undefined;
      const { dev, ino } = fstatSync(nfd, { bigint: true });
      return `${nfd} ${dev} ${ino}`;
    } catch {
      return undefined;
    }
  };

  /** Key derivation. In hexadecimal; or a space and why it failed. */
  readonly derive = (kind: string, password: string, salt: string, told: string): string => {
    try {
      const { digest, iterations, size, ...options } = JSON.parse(told) as Derivation;
      const [key, with_] = [Buffer.from(password, 'hex'), Buffer.from(salt, 'hex')];
      const derived =
        kind === 'scrypt'
          ? scryptSync(key, with_, size, options)
          : pbkdf2Sync(key, with_, iterations, size, digest);
      return derived.toString('hex');
    } catch (error) {
      return ` ${(error as Error).message}`;
    }
  };

  /** @returns the size of the frame that is in the memory now. */
  protected put(kind: number, flags: number, request: number, call: number, bytes: Uint8Array): number {
    const memory = this.look();
    memory[0] = kind;
    memory[1] = flags & MORE;
    memory.writeUInt32BE(request >>> 0, 4);
    memory.writeUInt32BE(call, 8);
    memory.set(bytes, HEAD);
    return HEAD + bytes.length;
  }

  /** Says so once, before the request is done that made it grow: it is given no other one. */
  #tire(): void {
    if (this.#isTired || this.#size() <= this.#most) return;
    this.#isTired = true;
    this.line.send(OF_THREAD.tired, false, 0, 0, EMPTY);
  }

  /** When the memory of WebAssembly grows, views of it are of no use any more. */
  protected look(): Buffer {
    if (this.#view.length > 0) return this.#view;
    this.#buffer?.release();
    this.#buffer = this.#memory?.getBuffer('u8');
    const { buffer, byteOffset, byteLength } = this.#buffer?.data ?? EMPTY;
    this.#view = Buffer.from(buffer, byteOffset, byteLength);
    return this.#view;
  }
}
