/** `fromPython`: an unmodified Python application as an ordinary one, for every gateway and middleware of this package. */
import type { Application, Environ, StartResponse } from '../environ/types.js';
import type { PythonHost } from './host.js';
import type { PythonFacts } from './lane.js';
import { type FromPythonOptions, resolvePythonOptions } from './options.js';
import { parsePythonTarget } from './target.js';

/** What `fromPython` gives. */
export interface PythonApplication extends Application {
  /** Loads the application, if no request has yet; rejects with a ConfigError if that fails. */
  readonly ready: Promise<PythonFacts>;
  /** Ends Python: what still runs is interrupted. The next request would start it again. */
  close(): Promise<void>;
}

/**
 * The application that `target` names, run by Python: CPython in child processes.
 *
 * It loads at the first request, or when `ready` is asked for. A handler may block: it has a thread of Python for itself.
 * @param target `mysite.wsgi:application`, `app.py:app`, `app:create_app("x")`; `app.py` alone is run as a script, and
 *   the application that it serves, or its `application` or `app`, is taken.
 * @throws ConfigError for a target that names nothing, or options that cannot work.
 */
export function fromPython(target: string, options: FromPythonOptions = {}): PythonApplication {
  const names = parsePythonTarget(target);
  const resolved = resolvePythonOptions(options);
  let host: PythonHost | undefined;
  let loading: Promise<PythonHost> | undefined;
  // Only then: those that run no Python start faster without what it needs.
  const load = () => {
    loading ??= import('./host.js').then((module) => {
      host = new module.PythonHost(names, resolved);
      return host;
    });
    return loading;
  };
  const application = (environ: Environ, start_response: StartResponse) =>
    host?.run(environ, start_response) ?? load().then((loaded) => loaded.run(environ, start_response));
  return Object.defineProperties(application, {
    ready: { get: () => load().then((loaded) => loaded.runtime.ready) },
    close: { value: async () => (await loading)?.close() },
  }) as PythonApplication;
}
