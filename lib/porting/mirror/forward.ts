/** `forward`: an application that passes each request on to another server, such as the Python original on its own port. */

import { request as httpsRequest } from 'node:https';
import { ignore } from '../../environ/maybe-promise.js';
import type { AnyEnviron, Body, Environ, StartResponse } from '../../environ/types.js';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from '../../node-http.js';
import { readSome } from '../../server/adapters/from/environ-request.js';
import { AnswerBody, endToEnd, statusOf } from './forward-answer.js';
import {
  answerError,
  type ForwardOptions,
  headOf,
  MAX_ANSWER_HEAD,
  type Upstream,
  UpstreamError,
  upstreamOf,
} from './forward-head.js';
import { forwardWebSocket } from './forward-websocket.js';

const BLOCK = 64 * 1024;

/**
 * An application that answers with what the server at `url` answers: method, target, headers, body, status, reason and
 * repeated headers pass unchanged, bodies flow as they come in constant memory, and WebSockets with their subprotocol,
 * messages and close codes. `Host` is the client's. Header names reach the other server as `X-Name`, for environ does not
 * keep how they were written; hop-by-hop headers (RFC 9110 section 7.6.1) and trailers belong to one connection and end
 * here. Each request has a connection of its own.
 *
 * A server that cannot be reached is answered with 502, one that is silent for too long with 504; an answer that it cuts is
 * cut. When the client leaves, so does the request. It runs on the event loop and in threads.
 * @param url `http://127.0.0.1:8000`; a path in it is put before that of each request.
 * @throws ConfigError for what is not the URL of a server.
 */
export function forward(
  url: string | URL,
  options: ForwardOptions = {},
): (environ: AnyEnviron, start_response: StartResponse) => Promise<Body> {
  const upstream = upstreamOf(url, options);
  return (environ, start_response) =>
    environ['wsgi.websocket'] === undefined
      ? forwardRequest(upstream, environ as Environ, start_response)
      : forwardWebSocket(upstream, environ as Environ, start_response);
}

async function forwardRequest(
  upstream: Upstream,
  environ: Environ,
  start_response: StartResponse,
): Promise<Body> {
  const outgoing = openRequest(upstream, environ);
  const signal = environ['node.abort_signal'];
  const leave = () => outgoing.destroy();
  signal?.addEventListener('abort', leave, { once: true });
  const response = answerOf(outgoing, environ, upstream.timeoutMs);
  try {
    // The other server may answer before it has read the body: both are waited for.
    await Promise.race([response, sendBody(outgoing, environ).then(() => response)]);
    const answer = await response;
    start_response(statusOf(answer), endToEnd(answer.rawHeaders));
    return new AnswerBody(answer, outgoing, () => signal?.removeEventListener('abort', leave));
  } catch (error) {
    signal?.removeEventListener('abort', leave);
    response.catch(ignore);
    outgoing.destroy();
    if (!(error instanceof UpstreamError)) throw error;
    return answerError(error, upstream, start_response);
  }
}

function openRequest(upstream: Upstream, environ: Environ): ClientRequest {
  const { url, timeoutMs } = upstream;
  const { path, headers } = headOf(upstream, environ);
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const { REQUEST_METHOD: method, CONTENT_LENGTH: length = '' } = environ;
  const outgoing = open(url, {
    ...{ method, path, headers, agent: false, setHost: false, timeout: timeoutMs },
    maxHeaderSize: MAX_ANSWER_HEAD,
  });
  // By default Node leaves out what comes after the thousandth field.
  outgoing.maxHeadersCount = 0;
  // A server that answers before it has read the body, and closes at once, resets the connection: the answer is lost.
  outgoing.setHeader('Connection', 'keep-alive');
  // A body without a length is chunked, if there is one: the first block will show it.
  outgoing.useChunkedEncodingByDefault = length === '';
  outgoing.on('error', ignore);
  return outgoing;
}

function answerOf(outgoing: ClientRequest, environ: Environ, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', (error) => reject(new UpstreamError(error.message)));
    outgoing.once('close', () => reject(new UpstreamError('the request was given up')));
    outgoing.once('timeout', () => {
      const late = new UpstreamError(`it was silent for ${timeoutMs / 1000} s`, 504);
      reject(late);
      outgoing.destroy(late);
    });
    outgoing.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode === 103) environ['wsgi.early_hints']?.(endToEnd(rawHeaders));
    });
  });
}

/** Copies `wsgi.input`. Rejects with what that throws; a server that takes no more is not a failure, for it may answer. */
async function sendBody(outgoing: ClientRequest, environ: Environ): Promise<void> {
  let block = await readSome(environ, BLOCK);
  if (block.length === 0) outgoing.useChunkedEncodingByDefault = false;
  while (block.length > 0 && !outgoing.destroyed) {
    if (!outgoing.write(block)) await roomIn(outgoing);
    block = await readSome(environ, BLOCK);
  }
  outgoing.end();
}

function roomIn(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done).off('close', done);
      resolve();
    };
    outgoing.on('drain', done).on('close', done);
  });
}
