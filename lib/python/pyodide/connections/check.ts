/** Whether this Node can have many handlers wait in one thread of Pyodide. */
import { ConfigError } from '../../../errors.js';

/** Node's types have no name for it. */
const { WebAssembly: wasm } = globalThis as { readonly WebAssembly?: object };

/** @throws ConfigError for more than one, where stacks of WebAssembly cannot be switched (JSPI). */
export function checkConnections(connections: number): void {
  if (connections === 1 || (wasm !== undefined && 'Suspending' in wasm)) return;
  throw new ConfigError(
    `Option workerConnections needs a Node that can switch stacks of WebAssembly (JSPI), which is 25 or newer, and 24 with --experimental-wasm-jspi; this is ${process.version}`,
  );
}
