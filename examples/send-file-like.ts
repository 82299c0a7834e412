// File-like objects: node examples/send-file-like.ts
import { PassThrough } from 'node:stream';
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/string-io')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  const file_like = new PassThrough({ encoding: 'utf8' }); // text goes in, text comes out
  file_like.end('Hello World!');
  return file_like;
});

app.route('/bytes-io')(function sender(_environ, start_response) {
  start_response();
  // ...some code here
  const file_like = new PassThrough(); // bytes come out
  file_like.end(Buffer.from('Hello World!'));
  return file_like;
});

app.route('/blob')(function sender(_environ, start_response) {
  start_response();
  return new Blob(['Hello ', Buffer.from('World!')], { type: 'text/plain' });
});

// Anything with read(size), as in Python; the result may be a promise. close() is called at the end.
class Countdown {
  #from = 3;

  read(_size: number): string {
    return this.#from === 0 ? '' : `${this.#from--} `;
  }

  close(): void {
    console.log('closed');
  }
}

app.route('/own')(function sender(_environ, start_response) {
  start_response();
  return new Countdown();
});

run(app, { port: Number(process.env.PORT ?? 8080) });
