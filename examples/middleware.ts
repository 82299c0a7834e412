// WSocketApp around another WSGI application: it handles its routes, the other everything else. node examples/middleware.ts
import { type Application, run, WSocketApp } from 'wsgi';

const other_app: Application = (environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`the other app, at ${environ.PATH_INFO}\n`, 'latin1')];
};

const app = new WSocketApp(other_app);

app.route('/echo')(async function echo(environ, start_response) {
  const wsock = environ['wsgi.websocket'];
  if (!wsock) {
    start_response(400);
    return 'This path speaks WebSocket';
  }
  for await (const message of wsock) await wsock.send(message);
});

run(app, { port: Number(process.env.PORT ?? 8080) });
