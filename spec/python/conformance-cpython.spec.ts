/** The conformance suite with its applications in Python, on CPython. */
import { pythonConformance } from './conformance.js';

pythonConformance('CPython', { python: 'python3' });
