// Files from a folder, and an application for the rest: node examples/static-files.ts
import { type Application, run } from 'wsgi';
import { sharedData } from 'wsgi/middleware';

const page: Application = (environ, start_response) => {
  const found = environ.PATH_INFO === '/';
  start_response(found ? '200 OK' : '404 Not Found', [['Content-Type', 'text/html; charset=utf-8']]);
  return [Buffer.from(found ? '<a href="/static/hello.txt">hello.txt</a>\n' : 'Not found\n')];
};

const app = sharedData(
  page,
  {
    '/static': new URL('.', import.meta.url), // a folder
    '/robots.txt': new URL('hello.txt', import.meta.url), // a file
  },
  { maxAge: 60 },
);

run(app, { port: Number(process.env.PORT ?? 8080) });
