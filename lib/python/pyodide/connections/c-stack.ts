/**
 * The one stack of C that all handlers share: Pyodide leaves those that wait where they are, each below the one before, and
 * copies one away only where another one needs its place. So many of them would leave no room for the next.
 */
import type { PythonModule } from '../runtime.js';

export class CStack {
  readonly #top: { restore(): void } | undefined;

  /** To be made before Python is called so that it may wait. */
  constructor(module: PythonModule = {}) {
    const { StackState } = module;
    if (module.stackSave !== undefined) module.stackStop = module.stackSave();
    this.#top = StackState && new StackState();
  }

  /** What waits on the stack is copied away, and comes back when it goes on: the next handler has all of it. */
  clear(): void {
    this.#top?.restore();
  }
}
