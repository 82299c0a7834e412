/** An application in Python, its runtime, and the requests that it gets. Loaded with the first of them. */
import { RequestScope } from '../current-request.js';
import type { AnyEnviron, Body, Environ, StartResponse } from '../environ/types.js';
import { ApplicationError, ClientDisconnected, ConfigError } from '../errors.js';
import { PythonCall } from './call.js';
import { findInterpreter, folderOf } from './cpython/interpreter.js';
import { cpythonPlan } from './cpython/plan.js';
import type { Lane, PythonRuntime } from './lane.js';
import type { PythonOptions } from './options.js';
import { PythonPool } from './pool.js';
import { checkConnections, connectionsPlan } from './pyodide/connections/plan.js';
import { pyodidePlan } from './pyodide/plan.js';
import { PyodidePool } from './pyodide/pool.js';
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
    const runtime = makeRuntime(this.#target, this.#options, () => this.#forget(runtime));
    this.#runtime = runtime;
    runtime.ready.then(
      () => {
        this.#isReady = true;
      },
      () => this.#forget(runtime),
    );
    return runtime;
  }

  /** In one go where a lane is free: most requests have no use for a promise more. */
  run(environ: Environ, start_response: StartResponse): Promise<Body> {
    try {
      return this.#run(environ, start_response);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #run(environ: Environ, start_response: StartResponse): Promise<Body> {
    if ((environ as AnyEnviron)['node.nonblocking'] === false) {
      throw new ApplicationError(
        'fromPython() runs on the event loop, and its handlers in threads of Python: leave out --threads, and give fromPython() the option threads',
      );
    }
    const { runtime } = this;
    const scope = RequestScope.of(environ['wsgi.input']);
    const call = (lane: Lane | undefined) => {
      if (lane === undefined) throw new ClientDisconnected();
      const running = new PythonCall(environ, start_response, lane);
      scope?.runBy(running, this.#options.timeout);
      return running.result;
    };
    const begin = () => {
      const lane = runtime.lane(scope);
      return lane instanceof Promise ? lane.then(call) : call(lane);
    };
    return this.#isReady ? begin() : runtime.ready.then(begin);
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

/** @param onEnd called when it is of no use any more. */
function makeRuntime(target: PythonTarget, options: PythonOptions, onEnd: () => void): PythonRuntime {
  const folder = folderOf(target.module, options.chdir);
  const { command, environment } = findInterpreter(options.python, folder);
  if (command !== 'pyodide' && options.workerConnections > 1) {
    throw new ConfigError(
      `Option workerConnections goes with Pyodide: threads of CPython (${command}) have one request each, so give it more threads (--threads)`,
    );
  }
  if (command !== 'pyodide') return new PythonPool(cpythonPlan(command, target, options), options);
  if (options.workerConnections > 1) checkConnections();
  const plan = pyodidePlan(target, options, folder, environment);
  if (options.workerConnections > 1) return new PythonPool(connectionsPlan(plan, options), options);
  return new PyodidePool(plan, options, onEnd);
}
