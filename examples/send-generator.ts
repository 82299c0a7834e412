// A generator sends its parts one by one, with pauses, while other requests are served: node examples/send-generator.ts
import { run, sleep, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function* sender(_environ, start_response) {
  start_response();
  // ...some code here
  yield 'Hello ';
  await sleep(2);
  yield Buffer.from('World');
  await sleep(5);
  yield new TextEncoder().encode('!');
  yield 2020; // generators
});

app.route('/at-once')(function* sender(_environ, start_response) {
  start_response();
  yield 'No ';
  yield 'pauses';
});

run(app, { port: Number(process.env.PORT ?? 8080) });
