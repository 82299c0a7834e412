/** Python's `wsgiref.util.setup_testing_defaults`: makes an environ of what a spec cares about. */
import { TextErrorStream, type TextTarget } from '../environ/error-stream.js';
import { guessScheme } from '../environ/forwarded-value.js';
import { BodyInput } from '../environ/input/input.js';
import type { LooseEnviron } from './wsgiref-util.js';

const DEFAULT_PORTS = new Map<unknown, string>([
  ['http', '80'],
  ['https', '443'],
]);

/**
 * Adds what a request for `http://127.0.0.1/` has, and replaces nothing; null is a value, Python's None, undefined is
 * not. `wsgi.input` is empty, `wsgi.errors` keeps its text: `String(environ['wsgi.errors'])`. The data is invented:
 * not for servers. As in Python there is no QUERY_STRING.
 */
export function setupTestingDefaults(environ: LooseEnviron): void {
  setDefault(environ, 'SERVER_NAME', '127.0.0.1');
  setDefault(environ, 'SERVER_PROTOCOL', 'HTTP/1.0');
  setDefault(environ, 'HTTP_HOST', environ['SERVER_NAME']);
  setDefault(environ, 'REQUEST_METHOD', 'GET');
  // One of them alone is how an application at the root, or a mount point without a path, is told.
  if (environ['SCRIPT_NAME'] === undefined && environ['PATH_INFO'] === undefined) {
    environ['SCRIPT_NAME'] = '';
    environ['PATH_INFO'] = '/';
  }
  setDefault(environ, 'wsgi.version', [1, 0]);
  setDefault(environ, 'wsgi.run_once', false);
  setDefault(environ, 'wsgi.multithread', false);
  setDefault(environ, 'wsgi.multiprocess', false);
  setDefault(environ, 'wsgi.input', new BodyInput());
  setDefault(environ, 'wsgi.errors', new MemoryErrors());
  setDefault(environ, 'wsgi.url_scheme', guessScheme(environ));
  const port = DEFAULT_PORTS.get(environ['wsgi.url_scheme']);
  if (port !== undefined) setDefault(environ, 'SERVER_PORT', port);
}

function setDefault(environ: LooseEnviron, key: string, value: unknown): void {
  if (environ[key] === undefined) environ[key] = value;
}

/** `wsgi.errors` in memory, as Python's `io.StringIO`: `String(errors)` is all that was written. */
export class MemoryErrors extends TextErrorStream {
  text = '';

  /** @param other gets everything as well. */
  constructor(other: TextTarget = { write() {} }) {
    super(other);
  }

  override write(text: string): void {
    if (typeof text === 'string') this.text += text;
    super.write(text);
  }

  override toString(): string {
    return this.text;
  }
}
