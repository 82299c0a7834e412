// The WebSocket echo with a for await loop: node examples/websocket-for-await.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function handle_websocket(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock) {
    start_response(400);
    return 'This path speaks WebSocket';
  }

  for await (const message of wsock) {
    await wsock.send(message);
  }
});

run(app, { port: Number(process.env.PORT ?? 8080) });
