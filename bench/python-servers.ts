/** The servers of CPython, and our own, each with the same applications of bench/python. */
import { resolve } from 'node:path';
import { PYODIDE_PACKAGES, PYTHON, pythonEnvironment, VENV } from './python-environment.js';
import { CLI, ServerProcess } from './server-process.js';

const FOLDER = resolve('bench/python');

/** @param module of bench/python, whose `app` it serves. @param threads where it has threads. */
type Command = (module: string, port: number, threads: string) => string[];

const gunicorn =
  (workers: number): Command =>
  (module, port, threads) => [
    ...[PYTHON, '-m', 'gunicorn', '--chdir', FOLDER, '-b', `127.0.0.1:${port}`, '-k', 'gthread'],
    ...['--threads', threads, '--workers', String(workers), `${module}:app`],
  ];

/** This package, with the application as it is. */
const bridge =
  (...how: string[]): Command =>
  (module, port, threads) => [
    ...[process.execPath, CLI, `${FOLDER}/${module}.py:app`, '-b', `127.0.0.1:${port}`],
    ...['--threads', threads, ...how],
  ];

const COMMANDS: Readonly<Record<string, Command>> = {
  gunicorn: gunicorn(1),
  'gunicorn, 2 workers': gunicorn(2),
  uWSGI: (module, port, threads) => [
    ...[`${VENV}/bin/uwsgi`, '--http11-socket', `127.0.0.1:${port}`, '--chdir', FOLDER],
    ...['--module', `${module}:app`, '--master', '--enable-threads', '--threads', threads],
    ...['--disable-logging', '--virtualenv', VENV],
  ],
  waitress: (module, port, threads) => [
    ...[PYTHON, '-m', 'waitress', `--threads=${threads}`, `--listen=127.0.0.1:${port}`, `${module}:app`],
  ],
  granian: (module, port, threads) => [
    ...[`${VENV}/bin/granian`, '--interface', 'wsgi', '--host', '127.0.0.1'],
    ...['--port', String(port), '--blocking-threads', threads, '--no-access-log', '--working-dir', FOLDER],
    `${module}:app`,
  ],
  bjoern: (module, port) => [PYTHON, `${FOLDER}/bjoern_server.py`, module, String(port)],
  'uvicorn, a2wsgi': (module, port) => [PYTHON, `${FOLDER}/uvicorn_server.py`, module, String(port)],
  wsgiref: (module, port) => [PYTHON, `${FOLDER}/wsgiref_server.py`, module, String(port)],
  'wsgi --python cpython': bridge('--python', PYTHON),
  'wsgi --python pyodide': bridge('--python', 'pyodide', '--pythonpath', PYODIDE_PACKAGES),
};

export const PYTHON_SERVERS: readonly string[] = Object.keys(COMMANDS);

/** What is said of a server that did not start; its package tells more. */
const PACKAGES: Readonly<Record<string, string>> = {
  'uvicorn, a2wsgi': 'uvicorn',
  'wsgi --python pyodide': 'Pyodide',
};

/** Of bench/python: it has WebSockets only. */
const ECHO = 'echo';

export interface PythonServers {
  readonly running: readonly ServerProcess[];
  /** Names of those that did not start, and why. */
  readonly missing: readonly string[];
}

/**
 * Starts all that there are.
 * @param module of bench/python. @param names default: all. @param threads of each, where it has threads.
 */
export async function pythonServers(
  module = 'app',
  names = PYTHON_SERVERS,
  threads = 4,
): Promise<PythonServers> {
  const environment = pythonEnvironment();
  if (environment === undefined) return { running: [], missing: ['Python'] };
  const running: ServerProcess[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const command = COMMANDS[name] as Command;
    const server = await ServerProcess.command(name, (port) => command(module, port, `${threads}`), FOLDER);
    const why = environment.missing[PACKAGES[name] ?? name];
    const works = server !== undefined && (module === ECHO || (await isFine(server.port)));
    if (!works) server?.stop();
    if (works) running.push(server);
    else missing.push(why === undefined ? name : `${name} (${why})`);
  }
  return { running, missing };
}

/** Beside those of `pythonServers`: one for each kind of server that has WebSockets. */
export async function pythonEchoes(): Promise<PythonServers> {
  const ours = await pythonServers(ECHO, ['wsgi --python cpython', 'wsgi --python pyodide']);
  const wsocket = await ServerProcess.command('WSocket', (port) => [PYTHON, 'echo.py', String(port)], FOLDER);
  return wsocket === undefined
    ? { running: ours.running, missing: [...ours.missing, 'WSocket'] }
    : { running: [wsocket, ...ours.running], missing: ours.missing };
}

/** An application that only fails would be the fastest of all. */
async function isFine(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(10_000) });
    return response.ok && (await response.text()) !== '';
  } catch {
    return false;
  }
}

/** One line for the results. */
export function pythonVersions(): string {
  const { versions = {} } = pythonEnvironment() ?? {};
  const wanted = ['gunicorn', 'uWSGI', 'waitress', 'granian', 'bjoern', 'uvicorn', 'a2wsgi'];
  const known = [...wanted, 'bottle', 'Flask', 'Django', 'WSocket'].flatMap((name) => {
    const version = Object.entries(versions).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
    return version === undefined ? [] : [`${name} ${version}`];
  });
  return known.length === 0 ? '' : `Python's servers and frameworks: ${known.join(', ')}.`;
}
