/** The runtimes in which the applications are proven. */
import { PYTHON } from '../../support/python.js';
import type { Runtime } from './proof.js';

export const CPYTHON: Runtime = { name: 'CPython', python: PYTHON, runs: () => true };

export const RUNTIMES: readonly Runtime[] = [CPYTHON];
