/**
 * `node:http` without `fetch`. It has WebSocket as a property that is made when it is asked for, and an `import` of
 * the module asks for every property. That loads undici, Node's client, which takes as long as half of our own files,
 * at each start of a process and of a thread. `process.getBuiltinModule()` asks for none.
 */
import type * as NodeHttp from 'node:http';

const http: typeof NodeHttp = process.getBuiltinModule('node:http');

// A server, and its requests and responses.
export const { createServer, IncomingMessage, ServerResponse } = http;
export type IncomingMessage = NodeHttp.IncomingMessage;
export type OutgoingHttpHeaders = NodeHttp.OutgoingHttpHeaders;
export type Server = NodeHttp.Server;
export type ServerOptions<
  Request extends typeof NodeHttp.IncomingMessage = typeof NodeHttp.IncomingMessage,
  Response extends typeof NodeHttp.ServerResponse<InstanceType<Request>> = typeof NodeHttp.ServerResponse,
> = NodeHttp.ServerOptions<Request, Response>;
export type ServerResponse<Request extends NodeHttp.IncomingMessage = NodeHttp.IncomingMessage> =
  NodeHttp.ServerResponse<Request>;

// A client.
export const { request } = http;
export type ClientRequest = NodeHttp.ClientRequest;

// What both may send.
export const { STATUS_CODES, validateHeaderName, validateHeaderValue } = http;
