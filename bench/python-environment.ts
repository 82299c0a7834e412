/** The virtual environment of the bench, with the Python servers that can be installed here. Made once: `bench/.venv`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const VENV = resolve('bench/.venv');
const REQUIREMENTS = 'bench/python/requirements.txt';
/** What came of it: made last, so that half an environment is made again. */
const MADE = `${VENV}/made.json`;

export const PYTHON = `${VENV}/bin/python3`;
/** What the applications of the bench import, for Pyodide, whose Python is another version. */
export const PYODIDE_PACKAGES = `${VENV}/pyodide`;
const FOR_PYODIDE = ['--target', PYODIDE_PACKAGES, '--python-version', '3.14', '--only-binary=:all:'];
const FRAMEWORKS = /^(?:bottle|Flask|Django)\b/;

export interface PythonEnvironment {
  /** By the name of the package. */
  readonly versions: Readonly<Record<string, string>>;
  /** Packages that could not be installed, and the last line of why. */
  readonly missing: Readonly<Record<string, string>>;
}

/** @returns undefined without Python. */
export function pythonEnvironment(): PythonEnvironment | undefined {
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(MADE)) {
    const made = JSON.parse(readFileSync(MADE, 'utf8')) as PythonEnvironment & { wanted: string };
    if (made.wanted === wanted) return made;
  }
  mkdirSync(VENV, { recursive: true });
  if (spawnSync('python3', ['-m', 'venv', '--clear', VENV]).status !== 0) return undefined;
  const missing: Record<string, string> = {};
  for (const line of wanted.split('\n')) {
    const [name] = /^[A-Za-z][\w.-]*/.exec(line) ?? [];
    if (name === undefined) continue;
    const { status, stderr } = pip('install', '--quiet', line);
    if (status !== 0) missing[name] = reason(stderr);
  }
  const frameworks = wanted.split('\n').filter((line) => FRAMEWORKS.test(line));
  const { status, stderr } = pip('install', '--quiet', ...FOR_PYODIDE, ...frameworks);
  if (status !== 0) missing['Pyodide'] = reason(stderr);
  const versions: Record<string, string> = {};
  for (const line of pip('freeze').stdout.split('\n')) {
    const [name = '', version] = line.split('==');
    if (version !== undefined) versions[name] = version;
  }
  writeFileSync(MADE, JSON.stringify({ versions, missing, wanted }));
  return { versions, missing };
}

function pip(...args: string[]) {
  const options = ['-m', 'pip', '--disable-pip-version-check', '--no-input', ...args];
  return spawnSync(PYTHON, options, { encoding: 'utf8' });
}

/** What the compiler said, if one did. */
function reason(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const said = lines.find((line) => /fatal error|No such file|error: (?!subprocess|metadata)/i.test(line));
  return (said ?? lines.findLast((line) => line !== '') ?? 'pip failed').slice(0, 200);
}
