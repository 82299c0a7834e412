/** The conformance suite with its applications in Python, on Pyodide with many handlers in its thread. Nodes that cannot do that run none of it. */
import { pythonConformance } from './conformance.js';

const { WebAssembly: wasm } = globalThis as { readonly WebAssembly?: object };

if (wasm !== undefined && 'Suspending' in wasm) {
  pythonConformance(
    'Pyodide with many handlers',
    { python: 'pyodide', workerConnections: 100 },
    { 'A-300': 'wsgi.multithread is true: handlers run by turns' },
  );
}
