/** What the lanes of all runtimes have in common: the request that one has, whose number says which frames belong to it. */
import type { Environ } from '../environ/types.js';
import { lostError } from './error.js';
import type { InstanceLane } from './instance.js';
import type { LaneWork } from './lane.js';
import { TO_PYTHON } from './messages.js';
import { requestMessage } from './request-message.js';

/** Numbers of requests have 31 bits; 0 is none. */
export const MOST_REQUESTS = 0x7fffffff;

export abstract class BaseLane implements InstanceLane {
  request = 0;
  work: LaneWork | undefined;
  heard = 0;
  interrupted = false;
  /** How many requests it has had. */
  requests = 0;
  /** There will be no more frames. */
  protected isOver = false;
  /** Requests that are about to begin. */
  protected reserved = 0;
  #isClosing = false;

  get isBusy(): boolean {
    return this.work !== undefined;
  }

  get isFree(): boolean {
    return this.work === undefined && this.reserved === 0 && this.isUsable;
  }

  /** It takes requests. */
  protected get isUsable(): boolean {
    return !this.isOver && !this.#isClosing;
  }

  reserve(): void {
    this.reserved++;
  }

  begin(work: LaneWork, environ: Environ): void {
    this.goOn(work, this.nextNumber());
    if (this.isOver) {
      queueMicrotask(() => this.lose(lostError(this.loss)));
      return;
    }
    this.occupied();
    this.send(TO_PYTHON.request, 0, requestMessage(environ));
  }

  /** For a request that comes now. */
  protected nextNumber(): number {
    if (this.reserved > 0) this.reserved--;
    return (this.requests++ % MOST_REQUESTS) + 1;
  }

  protected goOn(work: LaneWork, number: number): void {
    this.work = work;
    this.interrupted = false;
    this.heard = performance.now();
    this.request = number;
  }

  done(): void {
    this.work = undefined;
    this.request = 0;
    if (this.#isClosing) this.hangUp();
    this.freed();
  }

  /** No more requests; the thread ends when it has none. */
  close(): void {
    this.#isClosing = true;
    if (this.work === undefined) this.hangUp();
  }

  lose(error: Error): void {
    const { work } = this;
    this.isOver = true;
    this.work = undefined;
    this.request = 0;
    work?.lost(error);
  }

  /** A frame of Python. */
  protected take(kind: number, request: number, call: number, payload: Buffer): void {
    // What an earlier request had to say after its end.
    if (request !== this.request) return;
    this.heard = performance.now();
    this.work?.frame(kind, call, payload);
  }

  /** Why a request fails that begins when it is over. */
  protected abstract readonly loss: string;
  abstract pathOf(descriptor: number): string | undefined;
  abstract send(kind: number, call: number, payload: Uint8Array): void;
  /** It has a request: Node runs on for it. */
  protected abstract occupied(): void;
  /** It has none any more. */
  protected abstract freed(): void;
  /** Tells the thread to end. */
  protected abstract hangUp(): void;
}
