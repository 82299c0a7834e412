/** `fromNodeHandler`: a Node request listener, such as an Express app or a Koa callback, as a WSGI application. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPromise } from '../../../environ/maybe-promise.js';
import type { Application } from '../../../environ/types.js';
import { ClientDisconnected, RequestError } from '../../../errors.js';
import { errorResponse } from '../../../interpreter/error-response.js';
import { EnvironSocket, makeMessage } from './environ-message.js';
import { EnvironResponse } from './environ-response.js';

export type ForeignNodeHandler<Message, Response> = (
  message: Message,
  response: Response,
  next: (error?: unknown) => void,
) => unknown;

/**
 * The application calls `handler` with a request and a response that have no connection. `next()` is 404; `next(error)`
 * is the error's `status` where that is 400 to 499, as Express has it, and otherwise, as a throw and a promise that
 * rejects, an error in the application. Upgrades and HTTP/2 are not to be had this way.
 */
export function fromNodeHandler<
  Message extends IncomingMessage = IncomingMessage,
  Response extends ServerResponse = ServerResponse,
>(handler: ForeignNodeHandler<Message, Response>): Application {
  return async (environ, start_response) => {
    const socket = new EnvironSocket(environ);
    const message = makeMessage(environ, socket);
    const answer = new EnvironResponse(message, socket);
    const { response, pipe } = answer;
    const signal: AbortSignal | undefined = environ['node.abort_signal'];
    const onAbort = () => {
      pipe.close();
      answer.fail(new ClientDisconnected());
    };
    const next = (error?: unknown) => {
      // What Express's own routers say to each other.
      if (error === undefined || error === null || error === 'route' || error === 'router') {
        notFound(response);
      } else answer.fail((response.headersSent ? undefined : clientFault(error)) ?? error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    response.once('close', () => {
      signal?.removeEventListener('abort', onAbort);
      // Node ends a request with its response, whether its body was read or not.
      if (!response.writableEnded || message.destroyed) return;
      // Its own would report a client that left.
      message._destroy = (error, done) => done(error);
      message.destroy();
    });
    try {
      const result = handler(message as Message, response as Response, next);
      if (isPromise(result)) result.then(undefined, (error) => answer.fail(error));
      await answer.headed;
      const { status, headers } = answer.head;
      const write = start_response(status, headers);
      // An empty block sends the head (PEP 3333 "The write() Callable").
      if (answer.flushed) await write(Buffer.alloc(0));
    } catch (error) {
      answer.fail(error);
      pipe.close();
      throw error;
    }
    return pipe;
  };
}

function notFound(response: ServerResponse): void {
  if (response.headersSent) return;
  const { head, body } = errorResponse(new RequestError(404, 'There is nothing here'), false);
  response.writeHead(head.status, head.headers).end(body);
}

/** What body parsers say of a client's mistake (http-errors); its message may be meant for the log alone. */
function clientFault(error: unknown): RequestError | undefined {
  const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown };
  const code = status ?? statusCode;
  if (typeof code !== 'number' || !Number.isInteger(code) || code < 400 || code > 499) return undefined;
  const fault = new RequestError(code, 'The request was refused');
  fault.cause = error;
  return fault;
}
