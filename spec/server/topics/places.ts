/** Where the application of the specs of topics runs: on the event loop, in threads, or in processes. */
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { Command, killCommands } from '../../support/command.js';
import { serveApp } from '../../support/serve.js';
import { scriptOf } from '../../support/source.js';
import { until } from '../../support/until.js';
import { Threads } from '../threads/support.js';
import { app } from './site.js';

export interface Place {
  readonly port: number;
  stop(): Promise<void>;
}

export async function onEventLoop(options?: ServerOptions): Promise<Place> {
  const server = await serveApp(app, options);
  return { port: server.serverPort, stop: () => server.close() };
}

export function inThreads(options: ServerOptions): Promise<Place> {
  return Threads.start(options, undefined, scriptOf('threads.ts', import.meta.url));
}

export interface ProcessPlace extends Place {
  readonly command: Command;
}

/** A server in a process of its own. */
export async function inProcess(
  options: object,
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessPlace> {
  const words = [JSON.stringify({ port: 0, ...options })];
  const command = new Command(words, { script: scriptOf('workers.ts', import.meta.url), env });
  const port = Number(new URL(await command.address()).port);
  return { command, port, stop: killCommands };
}

/** A server with two workers, both of which serve. */
export async function inTwoWorkers(options: object = {}): Promise<ProcessPlace> {
  const place = await inProcess({ workers: 2, ...options });
  const serving = () => place.command.stderr.match(/Worker \d+ serves/g)?.length ?? 0;
  await until(() => serving() >= 2, 'two workers');
  return place;
}
