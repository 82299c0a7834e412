/** Python's `wsgiref.simple_server.demo_app`: says hello and shows its environ, as Python would print it. */
import type { Body, Environ, StartResponse } from '../environ/types.js';
import { pythonRepr } from './python-repr.js';

/** For a look at what a server makes of a request: it shows every header of it, cookies too. */
export function demoApp(environ: Environ, start_response: StartResponse): Body {
  const lines = Object.entries(environ)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} = ${pythonRepr(value)}\n`);
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`Hello world!\n\n${lines.join('')}`)];
}
