// The original answers, and the port shows beside it whether it would do the same: node examples/mirror.ts
import { type Application, run } from 'wsgi';
import { forward, mirror } from 'wsgi/porting';

// The Python site: ORIGINAL=http://127.0.0.1:8000
const original = forward(process.env.ORIGINAL ?? 'http://127.0.0.1:8000');

const candidate: Application = (environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`You asked for ${environ.PATH_INFO}\n`, 'latin1')];
};

const app = mirror(original, candidate, {
  sample: Number(process.env.SAMPLE ?? 1), // 0.1: one request of ten
  ignore: ['ETag'],
  report({ verdict, exchange, differences }) {
    if (verdict === 'equal') return;
    console.log(`${exchange.request.method} ${exchange.request.target} differs`, differences);
  },
});

run(app, { port: Number(process.env.PORT ?? 8080) });
