/** This package, with an ordinary asynchronous application. */
import { type Application, makeServer, parseForm, type StartResponse } from 'wsgi';
import { CHUNK, CHUNKS, HELLO, JSON_BODY, KIBIBYTES_64, MEBIBYTE } from './answers.js';

export const application: Application = async (environ, start_response) => {
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
    case '/post': {
      const body = await environ['wsgi.input'].read();
      return text(start_response, String(body.length));
    }
    case '/upload': {
      const form = await parseForm(environ, { onFile: async ({ stream }) => count(stream) });
      return text(start_response, String(form.files.get('file')?.value));
    }
    case '/ws': {
      const wsock = environ['wsgi.websocket'];
      if (wsock === undefined) break;
      for (let message = await wsock.receive(); message !== null; message = await wsock.receive()) {
        const wait = wsock.send(message);
        if (wait !== undefined) await wait;
      }
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

async function count(stream: AsyncIterable<Buffer>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}

export async function wsgi(): Promise<number> {
  const server = await makeServer('127.0.0.1', 0, application);
  return server.serverPort;
}
