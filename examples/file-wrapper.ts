// wsgi.file_wrapper sends a file block by block, and closes it: node examples/file-wrapper.ts
import { open } from 'node:fs/promises';
import { type Application, run } from 'wsgi';

const hello_txt = new URL('hello.txt', import.meta.url);

const app: Application = async (environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  const filelike = await open(hello_txt);
  return environ['wsgi.file_wrapper'](filelike, 8192);
};

run(app, { port: Number(process.env.PORT ?? 8080) });
