// Long work that ends when the client leaves: node examples/abort-signal.ts
import { setTimeout as work } from 'node:timers/promises';
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function report(environ, start_response) {
  const signal = environ['node.abort_signal'];
  try {
    await work(10_000, undefined, { signal }); // fetch() and most of Node take a signal too
  } catch (error) {
    if (signal.aborted) console.log('the client left, so the work was stopped');
    throw error;
  }
  start_response();
  return 'done';
});

run(app, { port: Number(process.env.PORT ?? 8080) });
