// Route by route from the original to the port, and back with one line: node examples/choose.ts
import { type Application, run } from 'wsgi';
import { choose, forward } from 'wsgi/porting';

// The Python site: ORIGINAL=http://127.0.0.1:8000
const original = forward(process.env.ORIGINAL ?? 'http://127.0.0.1:8000');

const candidate: Application = (environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`${environ.PATH_INFO} of the port\n`, 'latin1')];
};

const app = choose(
  {
    '= /': true, // the front page alone
    '/items': true, // with all that lies below it
    'POST /items': false, // not yet
    '/users/*/posts': true, // * is any one segment
  },
  candidate,
  original,
);

run(app, { port: Number(process.env.PORT ?? 8080) });
