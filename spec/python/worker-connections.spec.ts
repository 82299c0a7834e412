/** Where the option for many handlers in one thread cannot work it says so, and what to do. */
import { expect } from 'chai';
import { fromPython, makeServer } from '../../lib/index.js';
import { APPLICATIONS as chdir } from '../support/python.js';

const { WebAssembly: wasm } = globalThis as { readonly WebAssembly?: object };

describe('workerConnections', () => {
  const complaintOf = async (python: string, workerConnections: number) =>
    fromPython('many_handlers:application', { chdir, python, workerConnections }).ready.then(
      () => '',
      (reason: Error) => reason.message,
    );

  it('needs a Node that can switch stacks', async function () {
    if (wasm !== undefined && 'Suspending' in wasm) this.skip();
    expect(await complaintOf('pyodide', 2)).to.equal(
      `Option workerConnections needs a Node that can switch stacks of WebAssembly (JSPI), which is 25 or newer, and 24 with --experimental-wasm-jspi; this is ${process.version}`,
    );
  });

  it('does not go with CPython, which has threads', async () => {
    expect(await complaintOf('python3', 2)).to.match(
      /^Option workerConnections goes with Pyodide: threads of CPython \(.*\) have one request each, so give it more threads \(--threads\)$/,
    );
  });

  it('does not go with an application in JavaScript', async () => {
    const error = await makeServer('127.0.0.1', 0, () => [], { workerConnections: 2 }).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.match(
      /^Option workerConnections is for Python in Pyodide: give it to fromPython\(\)/,
    );
  });

  it('is a whole number of at least 1', () => {
    expect(() => fromPython('app:app', { workerConnections: 0 })).to.throw(
      'Option workerConnections must be a whole number from 1 to 65536, not 0',
    );
  });
});
