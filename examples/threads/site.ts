// An application that blocks, loaded in threads by ../blocking-under-express.ts, or by wsgi --threads 8 examples/threads/site.ts
import { createHash } from 'node:crypto';
import { threadId } from 'node:worker_threads';
import { sleep, WSocketApp } from 'wsgi';

export const app = new WSocketApp<'blocking'>();

app.route('/slow')((environ) => {
  sleep(1); // blocks this thread, and no other request
  return `Hello from ${environ.SCRIPT_NAME}, thread ${threadId > 0}\n`;
});

app.route('/digest')((environ) => {
  const body = environ['wsgi.input'].read(); // a Buffer, no promise
  return `${createHash('sha256').update(body).digest('hex')}\n`;
});
