/** The options of `fromPython`, checked. */
import { statSync } from 'node:fs';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.js';
import { checkOptionNames } from '../option-names.js';

export interface FromPythonOptions {
  /**
   * `pyodide`, or the name or path of an interpreter. Default: the virtual environment in force (`VIRTUAL_ENV`, `.venv`
   * or `venv` beside the application), else `pyodide` if the application has that package, else `python3`.
   */
  readonly python?: string | undefined;
  /** Folders in which modules are looked for, before those of Python. */
  readonly pythonpath?: readonly string[] | undefined;
  /** The folder to run in. Default: that of the process. */
  readonly chdir?: string | undefined;
  /** Threads of each process, each with one request or WebSocket at a time. Default: 8; 4 for Pyodide. */
  readonly threads?: number | undefined;
  /**
   * Handlers and WebSockets that each thread of Pyodide may have at a time: while one of them waits, others run. Needs a
   * Node that can switch stacks: 25 or newer. CPython has `threads` for that. Default: 1.
   */
  readonly workerConnections?: number | undefined;
  /** Processes; Pyodide has as many times its threads. Default: 1. */
  readonly workers?: number | undefined;
  /** Requests that may wait while all threads are busy, else 503. Default: 1000. */
  readonly backlogRequests?: number | undefined;
  /**
   * Seconds that a handler may take without a byte in or out, WebSockets excepted; then KeyboardInterrupt is raised in it,
   * and after a moment its process ends. 0 is never. Default: 30.
   */
  readonly timeout?: number | undefined;
  /**
   * Requests after which a process makes room for a new one, which has loaded by then, so that what it leaks goes with it.
   * 0 is never. Default: 0.
   */
  readonly maxRequests?: number | undefined;
  /** The most by which `maxRequests` is raised, at random for each process, so that they do not all end at once. Default: 0. */
  readonly maxRequestsJitter?: number | undefined;
  /** What follows the name of the script or the module in `sys.argv`. Default: nothing. */
  readonly args?: readonly string[] | undefined;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Called with the path of each file of the application that Python has loaded, for what watches them. */
  readonly onFile?: ((file: string) => void) | undefined;
}

export interface PythonOptions {
  readonly python: string | undefined;
  readonly pythonpath: readonly string[];
  readonly chdir: string;
  /** Undefined: what the runtime has. */
  readonly threads: number | undefined;
  readonly workerConnections: number;
  readonly workers: number;
  readonly backlogRequests: number;
  readonly timeout: number;
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onFile: ((file: string) => void) | undefined;
}

const NAMES = [
  'python',
  'pythonpath',
  'chdir',
  'threads',
  'workerConnections',
  'workers',
  'backlogRequests',
  'timeout',
  'maxRequests',
  'maxRequestsJitter',
  'args',
  'env',
  'onFile',
];

/** Each thread has a descriptor in Python and in Node. */
const MOST_THREADS = 256;
const MOST_WORKERS = 256;
const MOST_CONNECTIONS = 65_536;
const MOST_JITTER = 2 ** 32;
const LONGEST_S = 2 ** 31 / 1000;

/** @throws ConfigError for an option that is unknown or cannot work. */
export function resolvePythonOptions(given: FromPythonOptions = {}): PythonOptions {
  checkOptionNames('fromPython()', given, NAMES);
  const { python, chdir = process.cwd(), pythonpath = [], args = [], env = {} } = given;
  if (python !== undefined && (typeof python !== 'string' || python === '')) {
    throw new ConfigError(
      `Option python must be pyodide, or the name or path of an interpreter, not ${inspect(python)}`,
    );
  }
  if (typeof chdir !== 'string') throw new ConfigError(`Option chdir must be a path, not ${inspect(chdir)}`);
  if (!statSync(chdir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigError(`Option chdir must be a folder: ${chdir} is not`);
  }
  if (!Array.isArray(pythonpath) || !pythonpath.every((folder) => typeof folder === 'string')) {
    throw new ConfigError(`Option pythonpath must be an array of paths, not ${inspect(pythonpath)}`);
  }
  if (!Array.isArray(args) || !args.every((argument) => typeof argument === 'string')) {
    throw new ConfigError(`Option args must be an array of strings, not ${inspect(args)}`);
  }
  return {
    python,
    chdir,
    pythonpath,
    args,
    env,
    onFile: given.onFile,
    threads: given.threads === undefined ? undefined : whole('threads', given.threads, 1, MOST_THREADS),
    workerConnections: whole('workerConnections', given.workerConnections ?? 1, 1, MOST_CONNECTIONS),
    workers: whole('workers', given.workers ?? 1, 1, MOST_WORKERS),
    backlogRequests: whole('backlogRequests', given.backlogRequests ?? 1000, 0, 1_000_000),
    timeout: seconds('timeout', given.timeout ?? 30),
    maxRequests: whole('maxRequests', given.maxRequests ?? 0, 0, Number.MAX_SAFE_INTEGER),
    maxRequestsJitter: whole('maxRequestsJitter', given.maxRequestsJitter ?? 0, 0, MOST_JITTER),
  };
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigError(
    `Option ${name} must be a whole number from ${least} to ${most}, not ${inspect(value)}`,
  );
}

function seconds(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0 && value < LONGEST_S) return value;
  throw new ConfigError(`Option ${name} must be a number of seconds, not ${inspect(value)}`);
}
