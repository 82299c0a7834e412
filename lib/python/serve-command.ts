/** The command `wsgi` with an application in Python: loads it, serves it, and ends Python after the server. */
import { type CommandOptions, resolveOptions, type ServerOptions } from '../server/options/options.js';
import { serve } from '../server/serve.js';
import { isSupervised, reportFile, reportReady } from '../server/workers/supervised.js';
import { addressOf, foldersOf } from './command.js';
import { fromPython, type PythonApplication } from './from-python.js';
import { commandStop } from './pool.js';

export interface PythonProgram {
  readonly target: string;
  /** For `sys.argv`. */
  readonly args: readonly string[];
}

/** One process of Python has a parent as well: this server. */
export function withPythonProcess(options: ServerOptions): ServerOptions {
  return options.maxRequests ? { ...options, workers: options.workers ?? 1 } : options;
}

/** Workers and threads are those of Python: the server itself is one process, and runs on the event loop. */
export async function servePython(
  program: PythonProgram,
  given: ServerOptions,
  command: CommandOptions,
): Promise<number> {
  const {
    threads: _threads,
    workerConnections: _connections,
    workers: _workers,
    maxRequests: _most,
    maxRequestsJitter: _jitter,
    ...options
  } = given;
  const app = await loadPython(program, given, command);
  // Python ends after the server: its `finally` blocks and what a script does then.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stopBegins);
  try {
    const facts = await app.ready;
    const note = ` (${facts.summary})`;
    const server = await serve(app, { ...options, ...addressOf(options, facts) }, { note });
    await reportReady();
    await server.serveForever();
  } finally {
    await app.close();
  }
  return 0;
}

function stopBegins(): void {
  commandStop.begun = true;
}

/** Loaded already. */
export async function loadPython(
  { target, args }: PythonProgram,
  options: ServerOptions,
  { python, pythonpath }: CommandOptions,
): Promise<PythonApplication> {
  const { timeout, backlogRequests, workers, workerConnections, maxRequests, maxRequestsJitter } =
    resolveOptions(options);
  const threads = options.threads || undefined;
  const app = fromPython(target, {
    python,
    args,
    pythonpath: foldersOf(pythonpath),
    threads,
    workerConnections,
    workers,
    timeout,
    backlogRequests,
    maxRequests,
    maxRequestsJitter,
    onFile: isSupervised() ? reportFile : undefined,
  });
  await app.ready;
  return app;
}
