/** Pages, forms, sessions, uploads, files and JSON of unmodified applications, on Pyodide. */
import { PYODIDE } from './runtimes.js';
import { PAGES } from './sites.js';
import { answersAsBefore } from './suite.js';

answersAsBefore(PAGES, PYODIDE);
