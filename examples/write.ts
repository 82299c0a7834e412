// write(), which start_response returns: await it, so that a slow client slows the handler. node examples/write.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function writer(_environ, start_response) {
  const write = start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  for (let i = 1; i <= 3; i++) await write(`line ${i}\n`);
  return 'and what is returned comes last\n';
});

run(app, { port: Number(process.env.PORT ?? 8080) });
