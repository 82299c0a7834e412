/** What threads of Pyodide do alike, whatever they serve: Python is started, is told where it runs, and how it ended is told. */
import { OF_THREAD } from './frames.js';
import type { Pyodide } from './runtime.js';
import { type PyodideStart, type Started, startPython } from './start.js';
import type { ThreadEnd } from './thread-end.js';

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

export interface RunningPython extends Started {
  /** Bytes of its memory, which never shrinks. */
  readonly size: () => number;
}

/**
 * @param ended is told how it ended, where that is more than the exit code can say.
 * @param serve until there is no more to do. Gives the exit code.
 * @returns the exit code.
 */
export async function runPython(
  { pyodide: found, snapshot, chdir, config }: PyodideStart,
  hasConnections: boolean,
  end: ThreadEnd,
  ended: (how: string) => void,
  serve: (python: RunningPython) => number | Promise<number>,
): Promise<number> {
  try {
    const { env, installed } = JSON.parse(config) as PyodideConfig;
    const packages = installed.map(([folder]) => folder);
    const { pyodide, note } = await startPython(found, snapshot, env, packages, hasConnections);
    redirect(pyodide, end);
    pyodide.FS.chdir(chdir);
    pyodide.setInterruptBuffer(end.line.signals);
    const size = () => pyodide._module?.HEAPU8?.length ?? 0;
    return await serve({ pyodide, note, size });
  } catch (error) {
    return endOf(error, ended);
  }
}

/** @returns the exit code. */
export function endOf(error: unknown, ended: (how: string) => void): number {
  const { name, message = String(error), status } = error as Failure;
  ended(status === undefined ? `${name ?? 'Error'}: ${message.slice(0, 2000)}` : `exit code ${status}`);
  return status ?? FATAL;
}

/** What is printed while no request runs, and by C. */
function redirect(pyodide: Pyodide, end: ThreadEnd): void {
  const write = (bytes: Uint8Array) => {
    end.send(OF_THREAD.output, false, 0, 0, bytes.slice());
    end.ring();
    return bytes.length;
  };
  pyodide.setStdout({ write, isatty: false });
  pyodide.setStderr({ write, isatty: false });
  pyodide.setStdin({ stdin: () => null });
}
