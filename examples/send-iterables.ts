// Lists, sets and dictionaries, of strings, bytes and numbers: node examples/send-iterables.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/list')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return ['Hello ', Buffer.from('World'), new TextEncoder().encode('!'), 2020]; // list
});

app.route('/tuple')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return Object.freeze(['Hello ', Buffer.from('World'), new TextEncoder().encode('!'), 2020]); // tuple
});

app.route('/set')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return new Set(['Hello World!', 'Hello World!']); // set: each item once
});

app.route('/dict')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return { 'Hello ': null, 'World!': null }; // dict: its keys
});

app.route('/map')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return new Map([
    ['Hello ', null],
    ['World!', null],
  ]); // a Map too: its keys
});

run(app, { port: Number(process.env.PORT ?? 8080) });
