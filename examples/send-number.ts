// Numbers, and objects that have a text form: node examples/send-number.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return 3.3; // float
});

app.route('/date')(function sender(_environ, start_response) {
  start_response();
  return new Date(0);
});

run(app, { port: Number(process.env.PORT ?? 8080) });
