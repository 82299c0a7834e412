/** What runs in a thread of Pyodide: Python, until it has no more to do. Everything blocks, so no event loop turns here. */
import { isMainThread, workerData } from 'node:worker_threads';
import { Bridge } from './bridge.js';
import { ConnectionsBridge } from './connections/bridge.js';
import { serveConnections } from './connections/serve.js';
import { OF_THREAD, PyodideLine } from './line.js';
import type { PyCallable, Pyodide, PyPromising } from './runtime.js';
import { type PyodideThreadData, startPython } from './start.js';

/** What the thread exits with if Python fails in a way that Python cannot see. */
const FATAL = 70;

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

async function main(data: PyodideThreadData): Promise<number> {
  const { memory, pyodide: found, snapshot, connections, chdir, config } = data;
  const line = new PyodideLine(memory);
  const tell = (message: object) => {
    line.send(OF_THREAD.told, false, 0, 0, Buffer.from(JSON.stringify(message)));
    line.bell.ring();
  };
  try {
    const { env, installed } = JSON.parse(config) as PyodideConfig;
    const packages = installed.map(([folder]) => folder);
    const { pyodide, note } = await startPython(found, snapshot, env, packages, connections > 1);
    redirect(pyodide, line);
    pyodide.FS.chdir(chdir);
    pyodide.setInterruptBuffer(line.signals);
    const size = () => pyodide._module?.HEAPU8?.length ?? 0;
    if (connections > 1) {
      const many = new ConnectionsBridge(line, pyodide.FS, size, note);
      const start = pyodide.runPython('from wsgi_gateway.pyodide_connections import main; main');
      return await serveConnections(start as PyPromising, line, many, config);
    }
    const bridge = new Bridge(line, pyodide.FS, size, note);
    const run = pyodide.runPython('from wsgi_gateway.pyodide_host import main; main') as PyCallable;
    return run(bridge, config) as number;
  } catch (error) {
    const { name, message = String(error), status } = error as Failure;
    // How it ended is more than the number can say.
    tell({
      ended: status === undefined ? `${name ?? 'Error'}: ${message.slice(0, 2000)}` : `exit code ${status}`,
    });
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

if (!isMainThread) process.exit(await main(workerData as PyodideThreadData));
