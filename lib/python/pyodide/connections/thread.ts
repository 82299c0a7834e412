/** What runs in a thread of Pyodide with many handlers: Python, and an event loop on which they wait. */
import { isMainThread, workerData } from 'node:worker_threads';
import { ThreadLine } from '../../../server/threads/shared/thread-line.js';
import { OF_THREAD } from '../frames.js';
import { runPython } from '../run-python.js';
import type { PyPromising } from '../runtime.js';
import type { PyodideStart } from '../start.js';
import { ThreadEnd } from '../thread-end.js';
import { ConnectionsBridge } from './bridge.js';
import { bellIn, type FramesMemory } from './frames.js';
import { CStack, serveConnections } from './serve.js';

export interface ConnectionsThreadData extends PyodideStart {
  readonly memory: FramesMemory;
}

function main(data: ConnectionsThreadData): Promise<number> {
  const { memory, config } = data;
  const end = new ThreadEnd(new ThreadLine(memory.line), bellIn(memory.bell));
  const ended = (how: string) => {
    end.send(OF_THREAD.told, false, 0, 0, Buffer.from(JSON.stringify({ ended: how })));
    end.ring();
  };
  return runPython(data, true, end, ended, ({ pyodide, size, note }) => {
    const bridge = new ConnectionsBridge(end, pyodide.FS, size, note);
    const start = pyodide.runPython('from wsgi_gateway.pyodide_connections import main; main');
    const stack = new CStack(pyodide._module);
    return serveConnections(start as PyPromising, end, stack, bridge, config);
  });
}

if (!isMainThread) process.exit(await main(workerData as ConnectionsThreadData));
