/** The runtimes in which the applications are proven. */
import { PYODIDE_PACKAGES, PYTHON } from '../../support/python.js';
import type { Runtime } from './proof.js';

/** They need packages that are compiled as a whole: Dash pydantic_core, gevent itself. */
const NOT_IN_PYODIDE = ['dash', 'gevent'];

export const CPYTHON: Runtime = { name: 'CPython', python: PYTHON, runs: () => true };

/** One thread: databases are written. */
export const PYODIDE: Runtime = {
  name: 'Pyodide',
  python: 'pyodide',
  options: `--threads 1 --pythonpath '${PYODIDE_PACKAGES}'`,
  runs: ({ name }) => !NOT_IN_PYODIDE.includes(name),
};

export const RUNTIMES: readonly Runtime[] = [CPYTHON, PYODIDE];
