/** The request vectors with an application in Python, on CPython. */
import { requirePython } from '../support/python.js';
import { pythonVectors } from './vectors.js';

before(function () {
  requirePython(this);
});

pythonVectors('CPython', 'python3');
