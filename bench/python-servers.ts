/** The servers of CPython that are installed here, with the same application in Python. */
import { ServerProcess } from './server-process.js';

const FOLDER = 'bench/python';

const COMMANDS: Record<string, (port: number) => string[]> = {
  gunicorn: (port) => [
    'python3',
    '-m',
    'gunicorn',
    '--chdir',
    FOLDER,
    '-b',
    `127.0.0.1:${port}`,
    '-k',
    'gthread',
    '--threads',
    '4',
    'app:app',
  ],
  waitress: (port) => [
    'python3',
    '-m',
    'waitress',
    '--threads=4',
    `--listen=127.0.0.1:${port}`,
    'bench.python.app:app',
  ],
  wsgiref: (port) => ['python3', `${FOLDER}/app.py`, String(port)],
};

/** @returns those that started, and the names of those that did not. */
export async function pythonServers(): Promise<{ running: ServerProcess[]; missing: string[] }> {
  const running: ServerProcess[] = [];
  const missing: string[] = [];
  for (const [name, build] of Object.entries(COMMANDS)) {
    const server =
      (await ServerProcess.command(name, build)) ??
      // Debian's packages belong to Debian's own Python.
      (await ServerProcess.command(name, (port) => ['/usr/bin/python3', ...build(port).slice(1)]));
    if (server === undefined) missing.push(name);
    else running.push(server);
  }
  return { running, missing };
}
