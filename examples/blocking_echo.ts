// A handler that blocks, line for line as in Python, in a worker thread: node examples/blocking_echo.ts
import { logger, run, sleep, WebSocketError, WSocketApp } from 'wsgi';

logger.setLevel(10); // for debugging

const app = new WSocketApp<'blocking'>();

app.route('/')(function handle_websocket(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock) {
    start_response();
    return 'Hello World!';
  }

  while (true) {
    try {
      const message = wsock.receive(); // blocks this thread, and no other client
      if (message !== null) {
        console.log(`participator : ${message}`);
        wsock.send(`you : ${message}`);
        sleep(2);
        wsock.send(`you : ${message}`);
      }
    } catch (error) {
      if (error instanceof WebSocketError) break;
      throw error;
    }
  }
});

run(app, { threads: 8, port: Number(process.env.PORT ?? 8080) });
