// A WebSocket subprotocol: node examples/protocol.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp(null, 'WAMP');

app.route('/')(async function handle_websocket(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock) {
    start_response();
    return 'Ask for the subprotocol WAMP';
  }

  wsock.accept();
  await wsock.send(`protocol : ${wsock.protocol}`);
});

run(app, { port: Number(process.env.PORT ?? 8080) });
