/** What runs in a thread of Pyodide with many handlers: Python, and an event loop on which they wait. */
import { isMainThread, workerData } from 'node:worker_threads';
import type { Pyodide, PyPromising } from '../runtime.js';
import { type PyodideStart, startPython } from '../start.js';
import { ConnectionsBridge } from './bridge.js';
import { type LineMemory, OF_THREAD, PyodideLine } from './line.js';
import { CStack, serveConnections } from './serve.js';

/** What the thread exits with if Python fails in a way that Python cannot see. */
const FATAL = 70;

export interface ConnectionsThreadData extends PyodideStart {
  readonly memory: LineMemory;
}

/** What Python is told, as far as it matters here: plan.ts. */
interface PyodideConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly installed: readonly (readonly [folder: string, modules: readonly string[]])[];
}

interface Failure {
  readonly message?: string;
  readonly name?: string;
  /** Of `os._exit()`. */
  readonly status?: number;
}

async function main(data: ConnectionsThreadData): Promise<number> {
  const { memory, pyodide: found, snapshot, chdir, config } = data;
  const line = new PyodideLine(memory);
  try {
    const { env, installed } = JSON.parse(config) as PyodideConfig;
    const packages = installed.map(([folder]) => folder);
    const { pyodide, note } = await startPython(found, snapshot, env, packages, true);
    redirect(pyodide, line);
    pyodide.FS.chdir(chdir);
    pyodide.setInterruptBuffer(line.signals);
    const size = () => pyodide._module?.HEAPU8?.length ?? 0;
    const bridge = new ConnectionsBridge(line, pyodide.FS, size, note);
    const start = pyodide.runPython('from wsgi_gateway.pyodide_connections import main; main');
    const stack = new CStack(pyodide._module);
    return await serveConnections(start as PyPromising, line, stack, bridge, config);
  } catch (error) {
    const { name, message = String(error), status } = error as Failure;
    // How it ended is more than the number can say.
    const ended =
      status === undefined ? `${name ?? 'Error'}: ${message.slice(0, 2000)}` : `exit code ${status}`;
    line.send(OF_THREAD.told, false, 0, 0, Buffer.from(JSON.stringify({ ended })));
    line.bell.ring();
    return status ?? FATAL;
  }
}

/** What is printed while no request runs, and by C. */
function redirect(pyodide: Pyodide, line: PyodideLine): void {
  const write = (bytes: Uint8Array) => {
    line.send(OF_THREAD.output, false, 0, 0, bytes.slice());
    line.bell.ring();
    return bytes.length;
  };
  pyodide.setStdout({ write, isatty: false });
  pyodide.setStderr({ write, isatty: false });
  pyodide.setStdin({ stdin: () => null });
}

if (!isMainThread) process.exit(await main(workerData as ConnectionsThreadData));
