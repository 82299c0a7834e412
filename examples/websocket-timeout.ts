// A WebSocket that opens with a cookie, and speaks when nothing comes: node examples/websocket-timeout.ts
import { ReceiveTimeout, run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/')(async function talk(environ) {
  const wsock = environ['wsgi.websocket'];
  if (!wsock) return 'Connect with a WebSocket\n';

  wsock.accept(null, [['Set-Cookie', 'session=a1b2; HttpOnly; SameSite=Lax']]);

  for (;;) {
    let message: string | Buffer | null;
    try {
      message = await wsock.receive(0.5);
    } catch (error) {
      if (!(error instanceof ReceiveTimeout)) throw error;
      await wsock.send('still here');
      continue;
    }
    if (message === null) break;
    await wsock.send(`you : ${message}`);
  }
});

run(app, { port: Number(process.env.PORT ?? 8080) });
