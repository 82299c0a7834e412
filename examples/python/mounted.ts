/** What is ported answers in JavaScript, the rest in Python: `npx tsx mounted.ts`, in this folder. */
import { type Application, fromPython, run } from 'wsgi';
import { dispatcher } from 'wsgi/middleware';

const python = fromPython('app.py:app', { threads: 4 });

const ported: Application = (_environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('Hello from JavaScript\n')];
};

await python.ready;
const server = await run(dispatcher(python, { '/ported': ported }), { port: 0 });
await server.serveForever();
await python.close();
