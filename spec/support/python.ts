/** Python for the specs, in a virtual environment with the packages of spec/python/requirements.txt. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ROOT } from './source.js';

/** Where programs and requirements are. */
export const FOLDER = fileURLToPath(new URL('../python/', import.meta.url));
/** Applications for the specs. */
export const APPLICATIONS = join(ROOT, 'spec', 'python', 'applications');
const REQUIREMENTS = join(FOLDER, 'requirements.txt');
const FOR_PYODIDE = join(FOLDER, 'requirements-pyodide.txt');
/** Ignored by git. */
const VENV = join(ROOT, '.venv');
/** A copy of the requirements that were installed: it is made last, so that half an environment is made again. */
const INSTALLED = join(VENV, 'installed.txt');
/** A folder, while it is being made. */
const LOCK = `${VENV}.lock`;
const PATIENCE_MS = 900_000;
/** For each of the steps. */
const STEP_MS = 280_000;
const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile'];
/** The packages for Pyodide, whose Python is another version: of compiled ones it uses what is written in Python. */
export const PYODIDE_PACKAGES = join(VENV, 'pyodide');
const INTO_FOLDER = ['--target', PYODIDE_PACKAGES, '--python-version', '3.14', '--only-binary=:all:'];
/**
 * Where PYTHONDONTWRITEBYTECODE is set each process would compile what it imports, which takes a second with Django. Not what
 * no application of the specs imports, and what is for the Python in Pyodide.
 */
const COMPILE = [
  '-m',
  'compileall',
  '-q',
  '-x',
  '/(pyodide|plotly/graph_objs|plotly/validators|pip|setuptools|pygments|tests?)/',
  VENV,
];
/** The interpreter, once `requirePython` was called. */
export const PYTHON = join(
  VENV,
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python3']),
);

/** For `before`: after this call the environment is there, made if need be. Without Python the specs are skipped. */
export function requirePython(hook: Mocha.Context): void {
  hook.timeout(2 * PATIENCE_MS);
  const complaint = environmentComplaint();
  if (complaint === undefined) return;
  if (process.env['CI']) throw new Error(complaint);
  console.log(`    skipped: ${complaint}`);
  hook.skip();
}

/**
 * Makes the environment, if need be. Spec files run side by side: one of them makes it, and the others wait for that.
 * @returns what went wrong.
 */
export function environmentComplaint(): string | undefined {
  const wanted = [REQUIREMENTS, FOR_PYODIDE].map((file) => readFileSync(file, 'utf8')).join('');
  const isThere = () => existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted && works(PYTHON);
  while (!isThere()) {
    if (!lock()) continue;
    try {
      // Another one may have made it just before.
      return isThere() ? undefined : install(wanted);
    } finally {
      rmSync(LOCK, { recursive: true, force: true });
    }
  }
  return undefined;
}

/** True if it is ours; else waits a moment. One that was left behind is removed. */
function lock(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    const made = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > PATIENCE_MS) rmSync(LOCK, { recursive: true, force: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    return false;
  }
}

/** What went wrong. */
function install(wanted: string): string | undefined {
  const python = ['python3', 'python'].find(works);
  if (python === undefined) return 'python3 is not installed';
  rmSync(VENV, { recursive: true, force: true });
  const steps: [string, string[]][] = [
    [python, ['-m', 'venv', VENV]],
    [PYTHON, [...PIP, '-r', REQUIREMENTS]],
    [PYTHON, [...PIP, ...INTO_FOLDER, '-r', FOR_PYODIDE]],
  ];
  for (const [command, args] of steps) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: STEP_MS });
    if (status !== 0) {
      return `no virtual environment of Python could be made: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
    }
  }
  // A package may have files that are not for this Python: those stay as they are.
  spawnSync(PYTHON, COMPILE, { timeout: STEP_MS });
  writeFileSync(INSTALLED, wanted);
  return undefined;
}

function works(python: string): boolean {
  return spawnSync(python, ['-c', 'import sys; assert sys.version_info >= (3, 9)']).status === 0;
}

/** A program of spec/python that answers lines of JSON, one by one. */
export class PythonProgram {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];

  constructor(name: string) {
    const child = spawn(PYTHON, ['-I', join(FOLDER, name)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#lines = createInterface(child.stdout).on('line', (line) => this.#waiting.shift()?.resolve(line));
    child.on('close', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${name} ended with ${code}`));
    });
  }

  /** @returns the answer, or the error that was raised instead, as text. */
  async ask<T>(question: Record<string, string>): Promise<{ answer?: T; error?: string }> {
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    });
    return JSON.parse(line);
  }

  /** Ends it, and waits for that. */
  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin?.end();
    await closed;
    this.#lines.close();
  }
}
