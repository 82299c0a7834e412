// Every way to give a status: node examples/status.ts
import { run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/nothing')(() => 'start_response was not called: 200 OK');

app.route('/default')((_environ, start_response) => {
  start_response(); // start_response('200 OK', [])
  return 'no arguments';
});

app.route('/number')((_environ, start_response) => {
  start_response(200); // start_response('200 OK', [])
  return 'a number';
});

app.route('/digits')((_environ, start_response) => {
  start_response('200'); // start_response('200 OK', [])
  return 'digits';
});

app.route('/line')((_environ, start_response) => {
  start_response('200 OK'); // start_response('200 OK', [])
  return 'code and reason';
});

app.route('/teapot')((_environ, start_response) => {
  start_response(418); // start_response("418 I'm a teapot", [])
  return 'the reason is found';
});

app.route('/own')((_environ, start_response) => {
  start_response('299 Fine by me');
  return 'a reason of your own';
});

run(app, { port: Number(process.env.PORT ?? 8080) });
