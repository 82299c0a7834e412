/** `forward`: an application that passes each request on to another server, such as the Python original on its own port. */

import type { AnyEnviron, Body, Environ, StartResponse } from '../../environ/types.js';
import {
  answerError,
  type ForwardOptions,
  type Upstream,
  UpstreamError,
  upstreamOf,
} from './forward-head.js';
import { ForwardedRequest } from './forward-request.js';
import { forwardWebSocket } from './forward-websocket.js';

/**
 * An application that answers with what the server at `url` answers: method, target, headers, body, status, reason and
 * repeated headers pass unchanged, bodies flow as they come in constant memory, and WebSockets with their subprotocol,
 * messages and close codes. `Host` is the client's. Header names reach the other server as `X-Name`, for environ does not
 * keep how they were written; hop-by-hop headers (RFC 9110 section 7.6.1) and trailers belong to one connection and end
 * here. Each request has a connection of its own.
 *
 * A server that cannot be reached, or whose answer has no valid head, is answered with 502, one that is silent for too long
 * with 504, and the log has a warning with the cause; an answer that it cuts is cut. When the client leaves, so does the
 * request; of a client that closes its side alone the other server is told in the same way, and may answer. It runs on the event loop and in threads, where a body is
 * read first: what the other server answers to a part of it waits for the next one.
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
  const request = new ForwardedRequest(upstream, environ);
  const { answer } = request;
  try {
    // The other server may answer before it has read the body: both are waited for.
    await Promise.race([answer, request.send().then(() => answer)]);
    return await (await answer).passTo(start_response);
  } catch (error) {
    request.end();
    if (!(error instanceof UpstreamError)) throw error;
    return answerError(error, upstream, environ, start_response);
  }
}
