/** Requests from which a host has taken what the gateway cannot be without: answered with 500, and the log says what is wrong. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { logger } from '../../../logger.js';

/** Without a check, each would be an exception in the host, or in a later turn of the event loop. */
export function isBroken(message: IncomingMessage): boolean {
  return faultOf(message) !== undefined;
}

export function refuseBroken(message: IncomingMessage, response: ServerResponse): void {
  logger.error(
    `The host in front of toNodeHandler gave a request that cannot be served: ${faultOf(message)}`,
  );
  if (response.headersSent || response.writableEnded) return;
  response.statusCode = 500;
  response.end();
}

function faultOf({ socket, headers }: IncomingMessage): string | undefined {
  if (!isObject(socket)) return `req.socket is ${inspect(socket, { depth: 0 })}`;
  if (!isObject(headers)) return `req.headers is ${inspect(headers, { depth: 0 })}`;
  const address: unknown = socket.remoteAddress ?? '';
  if (typeof address === 'string') return undefined;
  return `req.socket.remoteAddress is ${inspect(address, { depth: 0 })}, not a string`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
