// A WebSocket echo, and an ordinary page at the same path: node examples/websocket.ts
import { logger, run, sleep, WebSocketError, WSocketApp } from 'wsgi';

logger.setLevel(10); // for debugging

const app = new WSocketApp();

app.route('/')(async function handle_websocket(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock) {
    start_response();
    return 'Hello World!';
  }

  while (true) {
    try {
      const message = await wsock.receive();
      if (message !== null) {
        console.log(`participator : ${message}`);
        await wsock.send(`you : ${message}`);
        await sleep(2);
        await wsock.send(`you : ${message}`);
      }
    } catch (error) {
      if (error instanceof WebSocketError) break;
      throw error;
    }
  }
});

run(app, { port: Number(process.env.PORT ?? 8080) });
