// Routes: an exact path first, then a beginning that ends with "*". node examples/routes.ts
import { nativeToText, run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/hello/*')(function hello_anyone(environ, start_response) {
  start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  return `Hello ${nativeToText(environ.PATH_INFO).slice('/hello/'.length)}!`;
});

app.route('/hello/world')(function hello_world(environ, start_response) {
  start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  return `Hello World! Query: ${environ.QUERY_STRING}`;
});

run(app, { port: Number(process.env.PORT ?? 8080) });
