/** WebSockets of unmodified applications, on CPython. */
import { CPYTHON } from './runtimes.js';
import { SOCKETS } from './sites.js';
import { answersAsBefore } from './suite.js';

answersAsBefore(SOCKETS, CPYTHON);
