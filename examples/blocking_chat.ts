// The same chat room, line for line as in Python: each client has a thread. node examples/blocking_chat.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp<'blocking'>();

app.route('/')(function chat(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock) {
    start_response();
    return 'Connect with a WebSocket, for example from the console of a browser';
  }

  wsock.subscribe('chat'); // from here on its client gets what others say, also while this thread blocks
  wsock.publish('chat', 'somebody came');
  for (const message of wsock) {
    wsock.publish('chat', `somebody : ${message}`); // to all but itself
    wsock.send(`you : ${message}`);
  }
  wsock.publish('chat', 'somebody left');
});

run(app, { threads: 8, port: Number(process.env.PORT ?? 8080) });
