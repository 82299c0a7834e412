/** What a thread of the pool runs, as far as the pool has to know: handlers of JavaScript, or Python in WebAssembly. */
import type { MessagePort, Worker } from 'node:worker_threads';
import type { Frame } from '../shared/ring.js';

/** What one thread has of it. */
export interface OwnMemory {
  readonly line: SharedArrayBuffer;
  /** Among the threads, in the queue: the place of one that ended is given to another. */
  readonly place: number;
}

/** The memory of a pool, and of one thread. */
export interface SharedMemory extends OwnMemory {
  readonly queue: SharedArrayBuffer;
  readonly blocks: SharedArrayBuffer;
}

export interface StartedThread {
  readonly worker: Worker;
  /** For `ThreadReport`. It keeps no process alive. */
  readonly port: MessagePort;
  /** For request bodies that it gets with their memory. Default: it gets none. */
  readonly bodies?: MessagePort;
}

/** What belongs to no request. */
export interface OutsideFrames {
  take(frame: Frame): void;
}

export interface ThreadKind {
  start(memory: SharedMemory): StartedThread;
  /** Why a thread has no application that ended with this exit code. */
  unready(code: number): string;
  /** What the log says before why it could not. Default: that of JavaScript. */
  readonly failure?: string;
  /** Asked when the first thread starts: the others wait until it has the application, for it leaves them what makes that faster. */
  readonly firstAlone?: boolean;
  /** Takes frames that belong to no request. */
  readonly outside?: OutsideFrames;
}
