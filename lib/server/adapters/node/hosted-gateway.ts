/** The gateway on a server that is not ours: requests come through a host, which knows more of them, and did more. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildEnviron, type RequestHead, type RequestServices } from '../../../environ/environ.js';
import { TextErrorStream } from '../../../environ/error-stream.js';
import { BodyInput } from '../../../environ/input/input.js';
import type { Application, Environ } from '../../../environ/types.js';
import { tooLarge } from '../../../interpreter/request-body.js';
import { logger } from '../../../logger.js';
import { hostLiteral } from '../../http/connection.js';
import type { Exchange, Host } from '../../http/exchange.js';
import { Gateway } from '../../http/gateway.js';
import type { ResolvedOptions } from '../../options/options.js';
import type { Mount } from '../../threads/shared/messages.js';
import { type HostedMessage, hostHeaders, KeptBody, keptBody, mountOf, wasRead } from './host-request.js';
import { HostedSink } from './hosted-response.js';

const HOST: Host = {
  wasRead,
  describe,
  head: headOf,
  keptBody: (exchange) => (wasRead(exchange.message) ? bodyOf(exchange) : undefined),
  sink: (exchange) => new HostedSink(exchange),
};

export class HostedGateway extends Gateway {
  /** @param call calls the application of an exchange; default: on the event loop. */
  constructor(application: Application, options: ResolvedOptions, call?: (exchange: Exchange) => void) {
    const { serverName } = options;
    super(application, {
      options,
      errors: new TextErrorStream(),
      serverName: serverName === undefined ? undefined : hostLiteral(serverName),
      keepAlive: undefined,
      host: HOST,
      ...(call !== undefined && { call }),
    });
  }

  override handle(message: IncomingMessage, response: ServerResponse): void {
    if (message.httpVersionMajor > 1) refuseHttp2(response);
    else if (response.headersSent || response.writableEnded) logger.debug('The host answered already');
    // Its client left while the host had it: nobody waits for an answer.
    else if (!response.destroyed && message.errored === null) super.handle(message, response);
  }
}

function describe(exchange: Exchange, services: RequestServices): Environ {
  const { message, connection, service } = exchange;
  const { head, mount } = headOf(exchange);
  const { scriptName, uri } = mount;
  const facts = service.facts.scriptName === '' ? { ...service.facts, scriptName } : service.facts;
  const input = wasRead(message) ? new BodyInput(bodyOf(exchange)) : services.input;
  const environ = buildEnviron(head, connection, facts, { ...services, input });
  environ.REQUEST_URI = environ.RAW_URI = uri;
  return environ;
}

/** The request head with what the host has changed. */
function headOf({ message }: Exchange): { head: RequestHead; mount: Mount } {
  const { scriptName, target, uri } = mountOf(message as HostedMessage);
  const { method, httpVersionMajor, httpVersionMinor } = message;
  const rawHeaders = hostHeaders(message);
  const head = { method, url: target, httpVersionMajor, httpVersionMinor, rawHeaders };
  return { head, mount: { scriptName, uri } };
}

/** @throws ApplicationError for bytes that were not kept, ContentTooLarge for more than the limit. */
function bodyOf({ message, service }: Exchange): KeptBody {
  const limit = service.options.limitRequestBody;
  const bytes = keptBody(message);
  if (limit > 0 && bytes.length > limit) throw tooLarge(limit);
  return new KeptBody(bytes);
}

/** The compatibility layer of `node:http2` has other connections and other rules than those that the gateway keeps. */
function refuseHttp2(response: ServerResponse): void {
  logger.error('An HTTP/2 request came to a WSGI application: serve HTTP/1.1 to it, HTTP/2 ends at a proxy');
  response.statusCode = 505;
  response.end();
}
