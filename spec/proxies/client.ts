/** A client of a proxy that comes from another loopback address than the proxy does. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as secureRequest } from 'node:https';

/** All of 127.0.0.0/8 is this machine. */
export const CLIENT = '127.0.0.2';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A request that was begun; the caller ends it. */
export function open(url: string, options: RequestOptions = {}): ClientRequest {
  const all = { localAddress: CLIENT, ...options };
  return url.startsWith('https:')
    ? secureRequest(url, { ...all, rejectUnauthorized: false })
    : request(url, all);
}

export async function replyTo(sent: ClientRequest): Promise<Reply> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode as number, text: await textOf(response) };
}

export async function get(url: string, options: RequestOptions = {}): Promise<Reply> {
  return replyTo(open(url, options).end());
}

export async function textOf(response: IncomingMessage): Promise<string> {
  return Buffer.concat(await response.toArray()).toString();
}
