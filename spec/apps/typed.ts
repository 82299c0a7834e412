/** An application in TypeScript, with types that only it understands. */
import type { Environ, StartResponse } from '../../lib/environ/types.js';

export const app = (environ: Environ, start_response: StartResponse): Uint8Array[] => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(`Typed ${environ.PATH_INFO satisfies string}\n`)];
};
