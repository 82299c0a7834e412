/** The client for tests, in memory: a server hands it what comes, and sends what it answers. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Application } from '../../lib/environ/types.js';
import { Client } from '../../lib/testing/client.js';
import { host } from '../support/serve.js';
import { conformance } from './suite.js';

/** Asks for blocks no faster than the client of the server takes them. */
async function relay(app: Application, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers, rawHeaders, httpVersion } = message;
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const client = new Client(app, {
    baseUrl: `http://127.0.0.1:${message.socket.localPort}`,
    httpVersion: httpVersion === '1.0' ? '1.0' : '1.1',
    throwErrors: false,
    cookies: false,
  });
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const answer = await client.open(url, {
    method,
    headers: pairs(rawHeaders),
    body: hasBody ? message : undefined,
    environ: headers.host === undefined ? { HTTP_HOST: undefined } : {},
    signal: gone.signal,
    stream: true,
  });
  response.writeHead(answer.statusCode, answer.reason, answer.headers.flat());
  // Sends the head, in latin-1; by itself Node would take it for UTF-8 here.
  response.write(Buffer.alloc(0));
  try {
    for await (const block of answer) {
      if (!response.write(block)) await once(response, 'drain', { signal: gone.signal });
    }
    response.end();
  } catch {
    // What was written goes out, and the client can tell that it is not all.
    while (response.writableCorked > 0) response.uncork();
    response.socket?.destroySoon();
  }
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  return rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : []));
}

conformance({
  name: 'the client of wsgi/testing',
  start: async (app) => {
    return host((message, response) => {
      relay(app, message, response).catch(() => response.destroy());
    });
  },
  cannot: {
    'raw-http': 'the server in front parses requests',
    expect: 'the server in front answers Expect: 100-continue at once',
    server: 'the server in front is the server',
    closes: 'a client in memory has no connection',
    options: 'a client does not have those of a server',
    pipelining: 'the server in front runs the requests of a connection at once',
    'early-hints': 'they are kept for the test, not sent',
    'sync-flush': 'its reader is in the same process',
    timeout: 'a test ends what does not end',
  },
});
