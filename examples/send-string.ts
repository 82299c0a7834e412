// A string is sent as UTF-8: node examples/send-string.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return 'Hello World!';
});

run(app, { port: Number(process.env.PORT ?? 8080) });
