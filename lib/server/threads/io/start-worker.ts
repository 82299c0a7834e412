/** Makes the worker of a thread: which script it loads, and with which loader. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, MessageChannel, Worker } from 'node:worker_threads';
import { watchThreads } from '../../../environ/form/temporary-files.js';
import { ConfigError } from '../../../errors.js';
import { logger } from '../../../logger.js';
import { ownModule } from '../../../own-files.js';
import { keepFreedMemory } from '../../http/freed-memory.js';
import { THREAD_KIND, type ThreadData, type ThreadEntry, type ThreadOptions } from '../shared/thread-data.js';
import type { OwnMemory, StartedThread, ThreadKind } from './thread-kind.js';

const COMMAND = ownModule('server/threads/worker/thread-start');

/** What is the same for all threads of a pool. */
type StartData = Omit<ThreadData, 'kind' | 'port' | 'bodies' | keyof OwnMemory>;

/** "Unsettled Top-Level Await" (Node's exit codes). */
const UNSETTLED = 13;

/**
 * The threads that load an application of JavaScript, and run its handlers.
 * @param hints whether clients can be sent early hints.
 */
export function threadsOf(entry: ThreadEntry, options: ThreadOptions, hints = true): ThreadKind {
  const log = { level: logger.level, style: logger.stream.style ?? 'plain' };
  keepFreedMemory();
  return {
    start: (shared) => startWorker({ entry, options, hints, log, ...shared }, shared),
    unready: (code) => nothingAttached(entry, code),
  };
}

function nothingAttached(entry: ThreadEntry, code: number): string {
  if (code === UNSETTLED) return 'an await at its top level never settled';
  if (code !== 0) return `it called process.exit(${code})`;
  const what = 'script' in entry ? entry.script : entry.target;
  return `${what} ended without calling run(). Each thread loads it again, and run() has to be reached there as well`;
}

/**
 * The script of this process, which threads and workers load again (as `node:cluster` does).
 * @param option whose it is, and `each` what loads it, for messages.
 * @throws ConfigError if there is none, or this is not the main thread.
 */
export function thisScript(option = 'threads', each = 'thread'): { readonly script: string } {
  if (!isMainThread) throw new ConfigError(`Option ${option} works only in the main thread of a process`);
  const script = resolveScript(process.argv[1]);
  if (script !== undefined) return { script };
  throw new ConfigError(
    `Option ${option} needs a script: each ${each} loads the file that called run(), and code from the command line (-e) or standard input has none`,
  );
}

/** As `node` does: without its extension, or a folder. */
function resolveScript(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return createRequire(path).resolve(path);
  } catch {
    return undefined;
  }
}

/** @returns with the worker, its ports, which keep no process alive. */
function startWorker(data: StartData, { place, line }: OwnMemory): StartedThread {
  const { port1, port2 } = new MessageChannel();
  const bodies = new MessageChannel();
  const script = 'script' in data.entry ? data.entry.script : fileURLToPath(COMMAND);
  const removeFolders = watchThreads();
  const workerData: ThreadData = {
    ...data,
    kind: THREAD_KIND,
    port: port2,
    bodies: bodies.port2,
    place,
    line,
  };
  const worker = new Worker(loadable(script), {
    workerData,
    transferList: [port2, bodies.port2],
    argv: process.argv.slice(2),
    stdout: true,
    stderr: true,
  });
  // What it prints before writeAtOnce(). Node would pipe it, with four listeners on the streams of this process for each
  // thread: a warning of a leak from the eleventh on.
  worker.stdout.on('data', (bytes: Buffer) => process.stdout.write(bytes));
  worker.stderr.on('data', (bytes: Buffer) => process.stderr.write(bytes));
  port1.unref();
  bodies.port1.unref();
  // Once it has ended, it has none.
  const { threadId } = worker;
  worker.once('exit', () => removeFolders(threadId));
  return { worker, port: port1, bodies: bodies.port1 };
}

/** What a worker is given to run `script`, with the loader of this process. */
export function loadable(script: string): string | URL {
  const tsx = tsxApi();
  return tsx === undefined ? script : withTsx(tsx, script);
}

/** tsx is registered by its `--import` in the main thread only; a worker has to do so itself. */
function tsxApi(): string | undefined {
  const loader = process.execArgv.find((argument) => /(?:^|[/\\=])tsx(?:[/\\]|$)/.test(argument));
  if (loader === undefined) return undefined;
  const path = loader.replace(/^--import=/, '');
  try {
    // From where it was loaded: the application may not depend on it, as with `npx tsx`.
    const from =
      path === 'tsx' ? `${process.cwd()}/x` : path.startsWith('file:') ? fileURLToPath(path) : path;
    // Found as `require` finds it; what `import` would find lies beside it.
    return pathToFileURL(
      createRequire(from)
        .resolve('tsx/esm/api')
        .replace(/\.cjs$/, '.mjs'),
    ).href;
  } catch {
    return undefined;
  }
}

function withTsx(tsx: string, script: string): URL {
  const source = `
    import { register } from ${JSON.stringify(tsx)};
    register();
    process.argv = ${JSON.stringify([process.execPath, script, ...process.argv.slice(2)])};
    await import(${JSON.stringify(pathToFileURL(script).href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}
