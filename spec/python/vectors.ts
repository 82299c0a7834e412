/** The request vectors with an application in Python (applications/vectors.py), on a runtime. */
import type { Application } from '../../lib/environ/types.js';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { type Call, type Mode, OPTIONS, vectorsIn } from '../server/vectors.js';
import { APPLICATIONS } from '../support/python.js';
import { closeServers, serveApp } from '../support/serve.js';
import { account } from './account.js';

/** What the application writes to `wsgi.errors`: a line for the environ, and one for the body. */
function keep(text: string, calls: Call[]): void {
  const { environ, body } = JSON.parse(text) as { environ?: Record<string, unknown>; body?: string };
  if (environ !== undefined) calls.push({ environ, body: undefined });
  const last = calls.at(-1);
  if (body !== undefined && last !== undefined) last.body = Buffer.from(body, 'latin1');
}

/** @param runtime what `--python` is. */
export function pythonVectors(name: string, runtime: string): void {
  const isPyodide = runtime === 'pyodide';
  const make = () =>
    fromPython('vectors:application', {
      chdir: APPLICATIONS,
      python: runtime,
      threads: isPyodide ? 1 : 8,
      timeout: 0,
    });
  const apps = isPyodide ? [make(), make()] : [make()];
  after(() => Promise.all(apps.map((app) => app.close())));

  let modes = 0;
  async function start(): Promise<Mode> {
    const calls: Call[] = [];
    // A vector that waits for its body has a thread of Pyodide for itself.
    const python = apps[modes++ % apps.length] as PythonApplication;
    const app: Application = (environ, start_response) => {
      environ['wsgi.errors'] = account((text) => keep(text, calls));
      return python(environ, start_response);
    };
    await python.ready;
    const { serverPort: port } = await serveApp(app, isPyodide ? { timeout: 2 } : OPTIONS);
    return { port, calls, clear: () => calls.splice(0), stop: closeServers };
  }
  vectorsIn(`on ${name}`, start, isPyodide ? apps.length : undefined);
}
