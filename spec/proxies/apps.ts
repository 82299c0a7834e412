/** Applications for a process of its own. */
import { once } from 'node:events';
import type { Body, Environ, StartResponse } from '../../lib/environ/types.js';
import { collectGarbage } from '../support/garbage.js';

const stopping = once(process, 'SIGTERM');

/** Bytes of a body between two looks at the memory. */
const LOOK = 4 * 1024 * 1024;

/** What the process holds, in bytes, without what it could have freed. */
function memory(): number {
  collectGarbage();
  return process.memoryUsage.rss();
}

/** Reads the request body, and tells how much it was and by how much the process grew meanwhile, in bytes. */
export async function count(environ: Environ, start_response: StartResponse): Promise<Body> {
  const before = memory();
  let peak = before;
  let bytes = 0;
  for (;;) {
    const block = await environ['wsgi.input'].read(65536);
    if (block.length === 0) break;
    bytes += block.length;
    if (bytes % LOOK < block.length) peak = Math.max(peak, memory());
  }
  return json(start_response, { bytes, grown: peak - before, length: environ.CONTENT_LENGTH });
}

let held = 0;

/** Says which process answers, and how many requests for /held wait: for the process to be told to stop. */
export async function who(environ: Environ, start_response: StartResponse): Promise<Body> {
  if (environ.PATH_INFO === '/held') {
    held++;
    await stopping;
  }
  return json(start_response, { name: process.env['NAME'], held });
}

function json(start_response: StartResponse, value: object): Body {
  start_response('200 OK', [['Content-Type', 'application/json']]);
  return [Buffer.from(JSON.stringify(value))];
}
