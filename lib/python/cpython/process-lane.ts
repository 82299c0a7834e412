/** A thread of a CPython process: its socket, and the request that it has. */
import type { Socket } from 'node:net';
import { BaseLane } from '../base-lane.js';
import { lostError } from '../error.js';
import { encodeFrame, FrameReader } from './frames.js';

/** Milliseconds to wait for the end of a socket whose process has ended: a program that it started may hold it open. */
const END_MS = 500;

export class ProcessLane extends BaseLane {
  readonly index: number;
  protected readonly loss = 'The Python process ended';
  readonly #socket: Socket;
  readonly #pid: number;
  readonly #onFree: () => void;

  constructor(index: number, socket: Socket, pid: number, onFree: () => void) {
    super();
    this.index = index;
    this.#socket = socket;
    this.#pid = pid;
    this.#onFree = onFree;
    const reader = new FrameReader((kind, request, call, payload) => this.take(kind, request, call, payload));
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    // `close` follows.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#closed());
  }

  pathOf(descriptor: number): string | undefined {
    return process.platform === 'linux' ? `/proc/${this.#pid}/fd/${descriptor}` : undefined;
  }

  send(kind: number, call: number, payload: Uint8Array): void {
    this.heard = performance.now();
    if (this.#socket.writable) this.#socket.write(encodeFrame(kind, this.request, call, payload));
  }

  /** Settles when nothing more can come. */
  async ended(): Promise<void> {
    if (this.isOver) return;
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

  protected occupied(): void {
    this.#socket.ref();
  }

  protected freed(): void {
    this.#socket.unref();
    this.#onFree();
  }

  protected hangUp(): void {
    this.#socket.end();
  }

  /** The thread has given up, or its process has ended, which knows why. */
  #closed(): void {
    this.isOver = true;
    if (this.work === undefined) return;
    setTimeout(() => this.lose(lostError('The thread of Python ended')), END_MS);
  }
}
