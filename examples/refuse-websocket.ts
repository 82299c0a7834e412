// A WebSocket that is refused before it opens: node examples/refuse-websocket.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function members_only(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock || environ.QUERY_STRING !== 'word=sesame') {
    start_response('403 Forbidden', { 'Content-Type': 'text/plain; charset=utf-8' });
    return 'Say the word\n';
  }

  await wsock.send('come in');
});

run(app, { port: Number(process.env.PORT ?? 8080) });
