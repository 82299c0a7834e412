// 103 Early Hints: the browser loads the style sheet while the page is being made. node examples/early-hints.ts
import { run, sleep, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function page(environ, start_response) {
  environ['wsgi.early_hints']?.([['Link', '</style.css>; rel=preload; as=style']]);
  await sleep(0.1); // a slow database
  start_response();
  return '<!doctype html><link rel="stylesheet" href="/style.css"><h1>Hello World!</h1>';
});

app.route('/style.css')((_environ, start_response) => {
  start_response(200, { 'Content-Type': 'text/css' });
  return 'h1 { color: teal }';
});

run(app, { port: Number(process.env.PORT ?? 8080) });
