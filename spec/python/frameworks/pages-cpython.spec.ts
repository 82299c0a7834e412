/** Pages, forms, sessions, uploads, files and JSON of unmodified applications, on CPython. */
import { CPYTHON } from './runtimes.js';
import { PAGES } from './sites.js';
import { answersAsBefore } from './suite.js';

answersAsBefore(PAGES, CPYTHON);
