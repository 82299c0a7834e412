// A key that middleware adds to environ for the application, with its type. node examples/environ-keys.ts
import { type Application, run } from 'wsgi';

declare module 'wsgi' {
  interface EnvironExtensions {
    'session.visits'?: number;
  }
}

function countVisits(app: Application): Application {
  let visits = 0;
  return (environ, start_response) => {
    environ['session.visits'] = ++visits;
    return app(environ, start_response);
  };
}

const app: Application = (environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`visit ${environ['session.visits'] ?? 0}\n`)];
};

run(countVisits(app), { port: Number(process.env.PORT ?? 8080) });
