/** The request vectors with an application in Python, on Pyodide. */
import { pythonVectors } from './vectors.js';

before(function () {
  this.timeout(120_000);
});

pythonVectors('Pyodide', 'pyodide');
