/** WebSockets of unmodified applications, on Pyodide. */
import { PYODIDE } from './runtimes.js';
import { SOCKETS } from './sites.js';
import { answersAsBefore } from './suite.js';

answersAsBefore(SOCKETS, PYODIDE);
