/** The event loop of a thread with many handlers: it calls Python when there are requests, and lets those go on that waited. */
import type { PyPromising, PyProxy, PythonModule } from '../runtime.js';
import type { ThreadEnd } from '../thread-end.js';
import type { ConnectionsBridge } from './bridge.js';

/**
 * The one stack of C that all handlers share: Pyodide leaves those that wait where they are, each below the one before, and
 * copies one away only where another one needs its place. So many of them would leave no room for the next.
 */
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

/**
 * Loads the application, and serves until the server stops.
 * @param main of pyodide_connections.py.
 * @returns the exit code. Rejects where Python cannot go on.
 */
export function serveConnections(
  main: PyPromising,
  end: ThreadEnd,
  stack: CStack,
  bridge: ConnectionsBridge,
  config: string,
): Promise<number> {
  const { line } = end;
  // What waits in shared memory keeps no event loop running.
  const alive = setInterval(() => undefined, 2 ** 30);
  return new Promise<number>((resolve, reject) => {
    let work: PyPromising | undefined;
    const start = (proxy: PyProxy) => {
      work = proxy.copy() as PyPromising;
    };
    const turn = () => {
      const seen = line.wakes;
      bridge.turned();
      // Until it waits for something. The next ones begin in other turns, so that those that waited go on between.
      if (work !== undefined && bridge.hasRequests) {
        stack.clear();
        work.callPromising().catch(reject);
      }
      const isBusy = bridge.hasRequests;
      if (!isBusy) end.ring();
      const woken = isBusy ? undefined : line.waitAsync(seen);
      if (woken === undefined) setImmediate(turn);
      else woken.then(turn);
    };
    turn();
    main.callPromising(bridge, start, config).then((code) => resolve(code as number), reject);
  }).finally(() => clearInterval(alive));
}
