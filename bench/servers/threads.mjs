/** This package with threads, without TypeScript's loader in each of them: for what a thread costs in memory. */
import { makeServer } from 'wsgi';

const app = (_environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('Hello, World!\n')];
};

const server = await makeServer('127.0.0.1', 0, app, { threads: Number(process.argv[2]) });
console.log(server.serverPort);
