/** A thread's end of what it shares with the event loop: a ring of frames each way, and the bell of the event loop. */
import type { Bell } from '../../server/threads/shared/bell.js';
import type { Frame } from '../../server/threads/shared/ring.js';
import { RUNS, type ThreadLine } from '../../server/threads/shared/thread-line.js';
import { MORE, textOf } from './frames.js';

export class ThreadEnd {
  readonly line: ThreadLine;
  readonly #bell: Bell;

  constructor(line: ThreadLine, bell: Bell) {
    this.line = line;
    this.#bell = bell;
  }

  /** There is something for the event loop. */
  ring(): void {
    this.#bell.ring();
  }

  /** Blocks while there is no room. The event loop is told by `ring`. */
  send(kind: number, more: boolean, request: number, call: number, payload: Uint8Array): void {
    const push = () => this.line.outbound.push(kind, more ? MORE : 0, request, textOf(call), payload);
    if (push()) return;
    this.ring();
    this.line.blockForRoom(RUNS, push);
  }

  /** The next frame to this thread, if it is there. */
  take(frame: Frame): boolean {
    const found = this.line.inbound.shift(frame);
    if (found && this.line.takeWantRoom()) this.ring();
    return found;
  }

  /** Blocks until `ready` gives true. @param timeout milliseconds. */
  block(ready: () => boolean, timeout?: number): void {
    this.ring();
    this.line.block(RUNS, ready, timeout);
  }
}
