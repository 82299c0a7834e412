// A generator that blocks between its parts, in worker threads: node examples/without_await.ts
import { run, sleep, WSocketApp } from 'wsgi';

const app = new WSocketApp<'blocking'>();

app.route('/')(function* sender(_environ, start_response) {
  start_response();
  // ...some code here
  yield 'Hello ';
  sleep(2); // the client has what was yielded
  yield Buffer.from('World');
  sleep(5);
  yield new TextEncoder().encode('!');
  yield 2020; // generators
});

run(app, { threads: 8, port: Number(process.env.PORT ?? 8080) });
