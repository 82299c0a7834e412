// Bytes are sent as they are: node examples/send-bytes.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/bytes')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return new Uint8Array([0x48, 0x65, 0x6c, 0x6c, 0x6f]); // bytes in JavaScript
});

app.route('/encoded')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  return Buffer.from('Hello World!'); // a Buffer is a Uint8Array; Buffer.from encodes a string as UTF-8
});

run(app, { port: Number(process.env.PORT ?? 8080) });
