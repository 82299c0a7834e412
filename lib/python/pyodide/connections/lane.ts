/** The lane of one request in a thread that has many: it is made for the request, and ends with it. */
import { BaseLane } from '../../base-lane.js';

/** What the thread does for its lanes. */
export interface LaneHome {
  send(kind: number, request: number, call: number, payload: Uint8Array): void;
  interrupt(request: number): void;
  /** A request is about to begin. */
  taken(lane: ConnectionLane): void;
  freed(lane: ConnectionLane): void;
}

export class ConnectionLane extends BaseLane {
  protected readonly loss = 'The thread of Python ended';
  /** Of its request. */
  readonly number: number;
  readonly #home: LaneHome;

  constructor(home: LaneHome, number: number) {
    super();
    this.number = number;
    this.#home = home;
    this.requests = number - 1;
  }

  /** Descriptors of all threads are those of this process. */
  pathOf(descriptor: number): string | undefined {
    return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : undefined;
  }

  override reserve(): void {
    super.reserve();
    this.#home.taken(this);
  }

  send(kind: number, call: number, payload: Uint8Array): void {
    this.heard = performance.now();
    if (!this.isOver) this.#home.send(kind, this.request, call, payload);
  }

  interrupt(): void {
    if (this.request !== 0) this.#home.interrupt(this.request);
  }

  /** A frame of Python for this request. */
  receive(kind: number, call: number, payload: Buffer): void {
    this.take(kind, this.request, call, payload);
  }

  override lose(error: Error): void {
    super.lose(error);
    this.#home.freed(this);
  }

  protected occupied(): void {
    this.#home.taken(this);
  }

  protected freed(): void {
    this.#home.freed(this);
  }

  /** The thread ends when it has no lanes any more. */
  protected hangUp(): void {}
}
