// An open file is sent and then closed: node examples/send-file.ts
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();
const hello_txt = new URL('hello.txt', import.meta.url);

app.route('/text')(function sender(_environ, start_response) {
  start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  // ...some code here
  return createReadStream(hello_txt, 'utf8'); // decoded to text, and sent as UTF-8
});

app.route('/binary')(async function sender(_environ, start_response) {
  start_response(200, { 'Content-Type': 'application/octet-stream' });
  // ...some code here
  return await open(hello_txt); // the bytes, untouched, with their Content-Length
});

run(app, { port: Number(process.env.PORT ?? 8080) });
