/** What Python calls in a thread of Pyodide, however many handlers that has: frames in memory that both see, and what it has loaded. */
import { FROM_PYTHON } from '../messages.js';
import { IN_BLOCK, MORE } from './frames.js';
import { HostCalls } from './host-calls.js';
import type { FileSystem, PyProxy } from './runtime.js';
import type { ThreadEnd } from './thread-end.js';

/** Of a frame: kind, whether more follows, number of the request, number of the call. pyodide_channel.py has the same. */
export const HEAD = 12;

/** An application that needs as much by itself may have twice that. */
const LARGE = 512 * 1024 * 1024;

const EMPTY = new Uint8Array(0);

/** Python sees its methods and nothing else. */
export abstract class BaseBridge extends HostCalls {
  readonly #end: ThreadEnd;
  /** Bytes of Python's memory, which never shrinks. */
  readonly #size: () => number;
  readonly #note: ((modules: readonly string[]) => void) | undefined;
  #memory: PyProxy | undefined;
  #buffer: ReturnType<PyProxy['getBuffer']> | undefined;
  #view: Buffer = Buffer.from(EMPTY);
  /** The thread is replaced when Python has more. */
  #most = 0;
  #isTired = false;

  /** @param note for what was imported from packages, if that is wanted. */
  constructor(
    end: ThreadEnd,
    files: FileSystem,
    size: () => number,
    note: ((modules: readonly string[]) => void) | undefined,
  ) {
    super(files);
    this.#end = end;
    this.#size = size;
    this.#note = note;
  }

  /** The memory that frames are passed in: a bytearray that keeps its size. */
  readonly attach = (memory: PyProxy): void => {
    this.#memory = memory.copy();
  };

  /** Takes the frame of so many bytes that Python has put into the memory. @returns whether there is something to receive. */
  readonly send = (size: number): boolean => {
    const memory = this.look();
    const kind = memory[0] as number;
    this.sending(kind);
    const payload = memory.subarray(HEAD, size);
    const more = memory[1] !== 0;
    this.#end.send(kind, more, memory.readUInt32BE(4), memory.readUInt32BE(8), payload);
    this.#end.ring();
    return !this.#end.line.inbound.isEmpty;
  };

  /** The application is there. @returns whether `note` is to be called with what it has imported from packages. */
  readonly loaded = (): boolean => {
    this.#most = Math.max(LARGE, 2 * this.#size());
    return this.#note !== undefined;
  };

  /** @param modules as JSON. */
  readonly note = (modules: string): void => this.#note?.(JSON.parse(modules) as string[]);

  /** @returns the size of the frame that is in the memory now. */
  protected put(kind: number, flags: number, request: number, call: number, bytes: Uint8Array): number {
    const memory = this.look();
    memory[0] = kind;
    memory[1] = flags & (MORE | IN_BLOCK);
    memory.writeUInt32BE(request >>> 0, 4);
    memory.writeUInt32BE(call, 8);
    memory.set(bytes, HEAD);
    return HEAD + bytes.length;
  }

  /** A frame of this kind is about to go. */
  protected sending(kind: number): void {
    if (kind === FROM_PYTHON.done || kind === FROM_PYTHON.whole) this.#tire();
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

  /** Python has grown so much that another thread should take the place of this one. Called once. */
  protected abstract tired(): void;

  /** Before the request is done that made it grow. */
  #tire(): void {
    if (this.#isTired || this.#size() <= this.#most) return;
    this.#isTired = true;
    this.tired();
  }
}
