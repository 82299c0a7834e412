/** What runs in a thread of Pyodide: Python, until it has no more to do. Everything blocks, so no event loop turns here. */
import { isMainThread, workerData } from 'node:worker_threads';
import { Bridge } from './bridge.js';
import { OF_THREAD } from './frames.js';
import { PyodidePost } from './post.js';
import type { PyCallable, Pyodide } from './runtime.js';
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
  const { pyodide: found, snapshot, chdir, config } = data;
  const post = new PyodidePost(data);
  try {
    const { env, installed } = JSON.parse(config) as PyodideConfig;
    const packages = installed.map(([folder]) => folder);
    const { pyodide, note } = await startPython(found, snapshot, env, packages, false);
    redirect(pyodide, post);
    pyodide.FS.chdir(chdir);
    pyodide.setInterruptBuffer(post.line.signals);
    const size = () => pyodide._module?.HEAPU8?.length ?? 0;
    const failed = (error: unknown): never => process.exit(endOf(error, post));
    const bridge = new Bridge(post, pyodide.FS, size, failed, note);
    const run = pyodide.runPython('from wsgi_gateway.pyodide_host import main; main') as PyCallable;
    return run(bridge, config) as number;
  } catch (error) {
    return endOf(error, post);
  }
}

/** @returns the exit code. */
function endOf(error: unknown, post: PyodidePost): number {
  const { name, message = String(error), status } = error as Failure;
  // How it ended is more than the number can say.
  post.report({
    ended: status === undefined ? `${name ?? 'Error'}: ${message.slice(0, 2000)}` : `exit code ${status}`,
  });
  return status ?? FATAL;
}

/** What is printed while no request runs, and by C. */
function redirect(pyodide: Pyodide, post: PyodidePost): void {
  const write = (bytes: Uint8Array) => {
    post.send(OF_THREAD.output, false, 0, 0, bytes.slice());
    post.ring();
    return bytes.length;
  };
  pyodide.setStdout({ write, isatty: false });
  pyodide.setStderr({ write, isatty: false });
  pyodide.setStdin({ stdin: () => null });
}

if (!isMainThread) process.exit(await main(workerData as PyodideThreadData));
