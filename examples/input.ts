// The request body: as a whole, and line by line. node examples/input.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/whole')(async function whole(environ, start_response) {
  const body = await environ['wsgi.input'].read();
  start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  return `${body.length} bytes: ${body.toString('utf8')}`;
});

app.route('/lines')(async function* lines(environ, start_response) {
  start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  let number = 0;
  for await (const line of environ['wsgi.input']) {
    number++;
    yield `${number}: `;
    yield line;
  }
});

run(app, { port: Number(process.env.PORT ?? 8080) });
