/**
 * The one stack of C that all handlers share: Pyodide leaves those that wait where they are, each below the one before, and
 * copies one away only where another one needs its place. So many of them would leave no room for the next.
 */
import type { PythonModule } from '../runtime.js';

/** Bytes that those that wait may have of it, of some 10 MiB. */
const MOST = 1024 * 1024;

export class CStack {
  readonly #module: PythonModule;
  readonly #top: number;
  readonly #begin: { restore(): void } | undefined;

  /** To be made before Python is called so that it may wait. */
  constructor(module: PythonModule = {}) {
    const { StackState } = module;
    this.#module = module;
    this.#top = module.stackSave?.() ?? 0;
    module.stackStop = this.#top;
    this.#begin = StackState && new StackState();
  }

  /** Makes room for the next handler: what waits on the stack is copied away, and comes back when it goes on. */
  clear(): void {
    const now = this.#module.stackSave?.() ?? this.#top;
    if (this.#top - now > MOST) this.#begin?.restore();
  }
}
