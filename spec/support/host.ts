/** Servers that are not ours, for specs of handlers: on 127.0.0.1, a free port, closed by the spec's `afterEach`. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Environ, StartResponse } from '../../lib/environ/types.js';

const running = new Set<Server>();

export interface Host {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
}

/** @param made a request listener, or a server that may listen already. */
export async function host(made: RequestListener | Server): Promise<Host> {
  const server = typeof made === 'function' ? createServer(made) : made;
  running.add(server);
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** Closes every server that `host` started. */
export async function closeHosts(): Promise<void> {
  const servers = [...running];
  running.clear();
  await Promise.all(
    servers.map(async (server) => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }),
  );
}

/** What an application was given, as it answers it. */
export interface Shown {
  SCRIPT_NAME: string;
  PATH_INFO: string;
  QUERY_STRING: string;
  REQUEST_URI: string;
  body: string;
  [key: string]: unknown;
}

/** Answers with the strings of its environ, and its body, as JSON. */
export async function show(environ: Environ, start_response: StartResponse): Promise<Buffer[]> {
  const body = (await environ['wsgi.input'].read()).toString('latin1');
  const strings = Object.entries(environ).filter(([, value]) => typeof value === 'string');
  start_response('200 OK', [['Content-Type', 'application/json']]);
  return [Buffer.from(JSON.stringify({ ...Object.fromEntries(strings), body }))];
}

/** Asks for a path of an application that is `show`. */
export async function shown(url: string, options?: RequestInit): Promise<Shown> {
  const response = await fetch(url, options);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Shown;
}

/** SCRIPT_NAME and PATH_INFO, with a mark between them. */
export function paths({ SCRIPT_NAME, PATH_INFO }: Shown): string {
  return `${SCRIPT_NAME} | ${PATH_INFO}`;
}
