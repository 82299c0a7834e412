/** A thread of a CPython process: its socket, and the request that it has. */
import type { Socket } from 'node:net';
import { lostError } from '../error.js';
import type { InstanceLane } from '../instance.js';
import type { LaneWork } from '../lane.js';
import { TO_PYTHON } from '../messages.js';
import { encodeFrame, FrameReader } from './frames.js';

/** Milliseconds to wait for the end of a socket whose process has ended: a program that it started may hold it open. */
const END_MS = 500;

export class ProcessLane implements InstanceLane {
  readonly index: number;
  /** Number of the request; 0: it has none. */
  request = 0;
  work: LaneWork | undefined;
  /** When Python last said something: `performance.now()`. */
  heard = 0;
  /** Python was told to give the request up. */
  interrupted = false;
  readonly #socket: Socket;
  readonly #pid: number;
  readonly #onFree: () => void;
  readonly #reader: FrameReader;
  #numbers = 0;
  #closing = false;
  /** Somebody is about to begin. */
  #reserved = false;
  #over = false;

  constructor(index: number, socket: Socket, pid: number, onFree: () => void) {
    this.index = index;
    this.#socket = socket;
    this.#pid = pid;
    this.#onFree = onFree;
    this.#reader = new FrameReader((kind, request, call, payload) =>
      this.#take(kind, request, call, payload),
    );
    socket.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    // `close` follows.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#closed());
  }

  get worked(): boolean {
    return this.#numbers > 0;
  }

  /** How many requests it has had. */
  get requests(): number {
    return this.#numbers;
  }

  get isBusy(): boolean {
    return this.work !== undefined;
  }

  get isFree(): boolean {
    return this.work === undefined && !this.#reserved && !this.#over && !this.#closing;
  }

  reserve(): void {
    this.#reserved = true;
  }

  pathOf(descriptor: number): string | undefined {
    return process.platform === 'linux' ? `/proc/${this.#pid}/fd/${descriptor}` : undefined;
  }

  begin(work: LaneWork, message: Buffer): void {
    this.work = work;
    this.interrupted = this.#reserved = false;
    this.heard = performance.now();
    // 32 bits, and 0 is none.
    this.#numbers = (this.#numbers % 0xffffffff) + 1;
    this.request = this.#numbers;
    if (this.#over) {
      queueMicrotask(() => this.lose(lostError('The Python process ended')));
      return;
    }
    this.#socket.ref();
    this.send(TO_PYTHON.request, 0, message);
  }

  send(kind: number, call: number, payload: Uint8Array): void {
    this.heard = performance.now();
    if (this.#socket.writable) this.#socket.write(encodeFrame(kind, this.request, call, payload));
  }

  done(): void {
    this.work = undefined;
    this.request = 0;
    this.#socket.unref();
    if (this.#closing) this.#socket.end();
    this.#onFree();
  }

  /** No more requests; the thread ends when it has none. */
  close(): void {
    this.#closing = true;
    if (this.work === undefined) this.#socket.end();
  }

  /** Settles when nothing more can come. */
  async ended(): Promise<void> {
    if (this.#over) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, END_MS);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.resume();
    });
    this.#socket.destroy();
  }

  lose(error: Error): void {
    const { work } = this;
    this.#over = true;
    this.work = undefined;
    this.request = 0;
    work?.lost(error);
  }

  /** The thread has given up, or its process has ended, which knows why. */
  #closed(): void {
    this.#over = true;
    if (this.work === undefined) return;
    setTimeout(() => this.lose(lostError('The thread of Python ended')), END_MS);
  }

  #take(kind: number, request: number, call: number, payload: Buffer): void {
    // What an earlier request had to say after its end.
    if (request !== this.request) return;
    this.heard = performance.now();
    this.work?.frame(kind, call, payload);
  }
}
