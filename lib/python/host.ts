/** An application in Python, its runtime, and the requests that it gets. Loaded with the first of them. */
import { RequestEnd } from '../environ/request-end.js';
import type { AnyEnviron, Body, Environ, StartResponse } from '../environ/types.js';
import { ApplicationError, ClientDisconnected, ConfigError } from '../errors.js';
import { PythonCall } from './call.js';
import { findInterpreter, folderOf } from './cpython/interpreter.js';
import { CPythonPool } from './cpython/pool.js';
import type { PythonRuntime } from './lane.js';
import type { PythonOptions } from './options.js';
import type { PythonTarget } from './target.js';

export class PythonHost {
  readonly #target: PythonTarget;
  readonly #options: PythonOptions;
  #runtime: PythonRuntime | undefined;
  #isReady = false;

  constructor(target: PythonTarget, options: PythonOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Started when it is first asked for; once more after it could not load. */
  get runtime(): PythonRuntime {
    if (this.#runtime !== undefined) return this.#runtime;
    const runtime = makeRuntime(this.#target, this.#options);
    this.#runtime = runtime;
    runtime.ready.then(
      () => {
        this.#isReady = true;
      },
      () => this.#forget(runtime),
    );
    return runtime;
  }

  async run(environ: Environ, start_response: StartResponse): Promise<Body> {
    if ((environ as AnyEnviron)['node.nonblocking'] === false) {
      throw new ApplicationError(
        'fromPython() runs on the event loop, and its handlers in threads of Python: leave out --threads, and give fromPython() the option threads',
      );
    }
    const { runtime } = this;
    if (!this.#isReady) await runtime.ready;
    const end = RequestEnd.of(environ['wsgi.input']);
    const found = runtime.lane(() => end?.isOver !== true);
    const lane = found instanceof Promise ? await found : found;
    if (lane === undefined) throw new ClientDisconnected();
    return new PythonCall(environ, start_response, lane).result;
  }

  async close(): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === undefined) return;
    this.#forget(runtime);
    await runtime.close();
  }

  #forget(runtime: PythonRuntime): void {
    if (this.#runtime !== runtime) return;
    this.#runtime = undefined;
    this.#isReady = false;
  }
}

function makeRuntime(target: PythonTarget, options: PythonOptions): PythonRuntime {
  const { command } = findInterpreter(options.python, folderOf(target.module, options.chdir));
  if (command === 'pyodide') {
    throw new ConfigError(
      'Pyodide is not supported yet: name an interpreter instead, as in --python python3',
    );
  }
  if (process.platform === 'win32') {
    throw new ConfigError('CPython as child processes is not supported on Windows yet: use WSL');
  }
  return new CPythonPool(command, target, options);
}
