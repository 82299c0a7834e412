// Response headers as a list or as a dictionary: node examples/headers.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/list')((_environ, start_response) => {
  start_response('200 OK', [
    ['X-Header1', 'header1 value'],
    ['X-Header2', 'header2 value'],
  ]);
  return 'a list of pairs';
});

app.route('/dict')((_environ, start_response) => {
  start_response('200 OK', {
    'X-Header1': 'header1 value',
    'X-Header2': 'header2 value',
  });
  return 'an object';
});

app.route('/map')((_environ, start_response) => {
  const headers = new Map([
    ['X-Header1', 'header1 value'],
    ['X-Header2', 'header2 value'],
  ]);
  start_response('200 OK', headers);
  return 'a Map';
});

run(app, { port: Number(process.env.PORT ?? 8080) });
