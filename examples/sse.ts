// Server-Sent Events: every page that is open gets the news. node examples/sse.ts
import { publish, run, subscribe, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/events')(async function* events(_environ, start_response) {
  start_response('200 OK', { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  const news = subscribe('news'); // what is published from here on
  yield ': welcome\n\n'; // a comment: the page knows that it is connected
  for await (const message of news) {
    yield `data: ${String(message).replaceAll('\n', '\ndata: ')}\n\n`;
  } // ends when the page is closed
});

// curl -d 'It works' http://127.0.0.1:8080/news
app.route('/news')(async function tell(environ, start_response) {
  await publish('news', (await environ['wsgi.input'].read()).toString());
  start_response(204);
});

app.route('/')(function page(_environ, start_response) {
  start_response('200 OK', { 'Content-Type': 'text/html; charset=utf-8' });
  return `<!doctype html><title>News</title><ul></ul><script>
    new EventSource('/events').onmessage = ({ data }) => {
      document.querySelector('ul').appendChild(document.createElement('li')).textContent = data;
    };
  </script>`;
});

run(app, { port: Number(process.env.PORT ?? 8080) });
