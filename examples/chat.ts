// A chat room: what one sends, all others get. node examples/chat.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function chat(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock) {
    start_response();
    return 'Connect with a WebSocket, for example from the console of a browser';
  }

  wsock.subscribe('chat'); // from here on its client gets what others say, whatever this handler does
  wsock.publish('chat', 'somebody came');
  for await (const message of wsock) {
    await wsock.publish('chat', `somebody : ${message}`); // to all but itself
    await wsock.send(`you : ${message}`);
  }
  wsock.publish('chat', 'somebody left');
});

run(app, { port: Number(process.env.PORT ?? 8080) });
