// A CGI script, and a server when you start it by hand: node examples/cgi.ts
import { type Application, run } from 'wsgi';
import { runCgi } from 'wsgi/cgi';

const app: Application = async (environ, start_response) => {
  const body = await environ['wsgi.input'].read();
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  const once = environ['wsgi.run_once'] ? 'for this request alone' : 'for many requests';
  return [Buffer.from(`${environ.REQUEST_METHOD} of ${body.length} bytes, in a process ${once}\n`)];
};

if (process.env.REQUEST_METHOD) await runCgi(app);
else await run(app, { port: Number(process.env.PORT ?? 8080) });
