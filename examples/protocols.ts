// Several subprotocols: the first that the client asks for and the application has is used. node examples/protocols.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp(null, ['v2.chat', 'v1.chat']);

app.route('/')(async function handle_websocket(environ, start_response) {
  const wsock = environ['wsgi.websocket'];

  if (!wsock) {
    start_response();
    return 'Ask for the subprotocol v1.chat or v2.chat';
  }

  wsock.accept();
  await wsock.send(`asked for ${wsock.protocols.join(', ')}, speaking ${wsock.protocol || 'none'}`);
});

run(app, { port: Number(process.env.PORT ?? 8080) });
