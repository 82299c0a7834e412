/** What the applications of specs answer with. */
import type { Body, StartResponse } from '../../lib/environ/types.js';

/** Plain text, one block. */
export function answer(start_response: StartResponse, text = 'ok', status = '200 OK'): Body {
  start_response(status, [['Content-Type', 'text/plain']]);
  return [Buffer.from(text)];
}
