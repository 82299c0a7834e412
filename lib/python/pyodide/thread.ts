/** What runs in a thread of Pyodide: Python, until it has no more to do. Everything blocks, so no event loop turns here. */
import { isMainThread, workerData } from 'node:worker_threads';
import { Bridge } from './bridge.js';
import { type PostData, PyodidePost } from './post.js';
import { endOf, runPython } from './run-python.js';
import type { PyCallable } from './runtime.js';
import type { PyodideStart } from './start.js';

/** What the thread is told when it begins. */
export interface PyodideThreadData extends PyodideStart, PostData {}

/** @returns the exit code. */
function main(data: PyodideThreadData): Promise<number> {
  const post = new PyodidePost(data);
  const ended = (how: string) => post.report({ ended: how });
  return runPython(data, false, post, ended, ({ pyodide, size, note }) => {
    // Nothing above may see it: Python could go on.
    const failed = (error: unknown): never => process.exit(endOf(error, ended));
    const bridge = new Bridge(post, pyodide.FS, size, failed, note);
    const run = pyodide.runPython('from wsgi_gateway.pyodide_host import main; main') as PyCallable;
    return run(bridge, data.config) as number;
  });
}

if (!isMainThread) process.exit(await main(workerData as PyodideThreadData));
