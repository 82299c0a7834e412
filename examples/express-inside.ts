// An Express app and a fetch handler next to a WSGI application: node examples/express-inside.ts
import express from 'express';
import { type Application, fromFetchHandler, fromNodeHandler, run } from 'wsgi';

const site = express();
site.use(express.json());
site.get('/', (request, response) => response.send(`Hello from Express at ${request.baseUrl}\n`));
site.post('/sum', (request, response) => {
  const numbers: number[] = request.body;
  response.json({ sum: numbers.reduce((sum, number) => sum + number, 0) });
});

const apps: Record<string, Application> = {
  express: fromNodeHandler(site),
  fetch: fromFetchHandler((request) => Response.json({ url: request.url })),
};

const dispatch: Application = (environ, start_response) => {
  const [, name = ''] = environ.PATH_INFO.split('/');
  const app = Object.hasOwn(apps, name) ? apps[name] : undefined;
  if (app !== undefined) {
    environ.SCRIPT_NAME += `/${name}`;
    environ.PATH_INFO = environ.PATH_INFO.slice(name.length + 1);
    return app(environ, start_response);
  }
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('Hello from WSGI: try /express/ and /fetch/\n')];
};

run(dispatch, { port: Number(process.env.PORT ?? 8080) });
