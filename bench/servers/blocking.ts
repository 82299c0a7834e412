/** This package with the same application in worker threads, where it blocks as in Python. */
import { type Application, makeServer, type StartResponse, sleep } from 'wsgi';
import { CHUNK, CHUNKS, HELLO, JSON_BODY, KIBIBYTES_64, MEBIBYTE } from './answers.js';

const application: Application<'blocking'> = (environ, start_response) => {
  switch (environ.PATH_INFO) {
    case '/json':
      start_response('200 OK', [['Content-Type', 'application/json']]);
      return [JSON_BODY];
    case '/big':
      start_response('200 OK', [['Content-Type', 'application/octet-stream']]);
      return [MEBIBYTE];
    case '/64k':
      start_response('200 OK', [['Content-Type', 'application/octet-stream']]);
      return [KIBIBYTES_64];
    case '/chunks':
      start_response('200 OK', [['Content-Type', 'application/octet-stream']]);
      return chunks();
    case '/post':
      return text(start_response, String(environ['wsgi.input'].read().length));
    case '/slow':
      sleep(0.1);
      return text(start_response, 'slow');
    case '/ws': {
      const wsock = environ['wsgi.websocket'];
      if (wsock === undefined) break;
      for (const message of wsock) wsock.send(message);
      return [];
    }
  }
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [HELLO];
};

function text(start_response: StartResponse, answer: string): Buffer[] {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(answer)];
}

function* chunks(): Generator<Buffer> {
  for (let i = 0; i < CHUNKS; i++) yield CHUNK;
}

/** @param threads how many. */
export async function blocking(threads: number): Promise<number> {
  const server = await makeServer('127.0.0.1', 0, application, { threads });
  // Until all of them are there.
  await new Promise((resolve) => setTimeout(resolve, 200 * threads));
  return server.serverPort;
}
