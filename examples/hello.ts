// The application of PEP 3333, and a server for it: node examples/hello.ts
import { type Application, makeServer } from 'wsgi';

const HELLO_WORLD = Buffer.from('Hello world!\n');

const simple_app: Application = (_environ, start_response) => {
  const status = '200 OK';
  const response_headers = [['Content-Type', 'text/plain']] as const;
  start_response(status, response_headers);
  return [HELLO_WORLD];
};

const httpd = await makeServer('127.0.0.1', Number(process.env.PORT ?? 8080), simple_app);
console.log(`Serving at ${httpd.address} ...`);
await httpd.serveForever();
