/** Copies the Python files of lib beside what was compiled: `node scripts/copy-python.js dist`. */
import { cpSync } from 'node:fs';

const [target] = process.argv.slice(2);
cpSync('lib/python/py', `${target}/python/py`, {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
});
