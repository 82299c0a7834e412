/** The runtimes in which the applications are proven. */
import { PYODIDE_PACKAGES, PYTHON } from '../../support/python.js';
import type { Runtime } from './proof.js';

/** Written in Python, or what is compiled has a form in Python too. */
const IN_PYODIDE = ['flaskr', 'polls', 'bottle', 'falcon'];

export const CPYTHON: Runtime = { name: 'CPython', python: PYTHON, runs: () => true };

/** One thread: databases are written. */
export const PYODIDE: Runtime = {
  name: 'Pyodide',
  python: 'pyodide',
  options: `--threads 1 --pythonpath '${PYODIDE_PACKAGES}'`,
  runs: ({ name }) => IN_PYODIDE.includes(name),
};

export const RUNTIMES: readonly Runtime[] = [CPYTHON, PYODIDE];
