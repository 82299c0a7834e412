// One handler for the event loop and for threads: it awaits, and is typed for both. node examples/both-modes.ts [threads]
import { type Body, type Environ, run, type StartResponse } from 'wsgi';

async function upper(environ: Environ<'either'>, start_response: StartResponse): Promise<Body> {
  const body = await environ['wsgi.input'].read();
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  const where = environ['node.nonblocking'] ? 'the event loop' : 'a thread';
  return [Buffer.from(`${body.toString().toUpperCase()} by ${where}\n`)];
}

run(upper, { threads: Number(process.argv[2] ?? 0), port: Number(process.env.PORT ?? 8080) });
