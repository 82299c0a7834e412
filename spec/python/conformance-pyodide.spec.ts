/** The conformance suite with its applications in Python, on Pyodide. */
import { pythonConformance } from './conformance.js';

pythonConformance('Pyodide', { python: 'pyodide' });
