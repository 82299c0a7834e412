/** Starts a server for one pass, in a process of its own: fresh state, a free port, and an end that leaves nothing. */
import { randomInt } from 'node:crypto';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../../errors.js';
import { ownModule } from '../../../own-files.js';
import { ChildGroup } from './child-group.js';

/** A server that answers. */
export interface RunningServer {
  /** Scheme, host and port, and the path that all requests get in front. */
  readonly url: URL;
  /** Why it does not answer any more, with the end of what it wrote; undefined while it runs, and if nobody knows. */
  fault(): string | undefined;
  /** Ends it and all that it started. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** What the target belongs to, for messages. */
  readonly option: string;
  /** Seconds. */
  readonly startTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds between two attempts to connect. */
const RETRY_MS = 30;
const COMMAND = fileURLToPath(ownModule('cli'));

/** @param command for the shell; each `{port}` in it becomes the number of a free port. */
export async function startCommand(command: string, options: StartOptions): Promise<RunningServer> {
  const port = await freePort();
  const child = ChildGroup.shell(command.replaceAll('{port}', String(port)));
  return ready(child, options, async () => {
    for (const host of ['127.0.0.1', '::1']) {
      if (await accepts(host, port))
        return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
    }
    return undefined;
  });
}

/** Serves an application of JavaScript with the command `wsgi`. */
export async function startApplication(
  target: string,
  options: StartOptions & { readonly threads: number },
): Promise<RunningServer> {
  const args = [target, '--bind', '127.0.0.1:0'];
  if (options.threads > 0) args.push('--threads', String(options.threads));
  const child = ChildGroup.node([...loaders(process.execArgv), COMMAND, ...args]);
  return ready(child, options, async () => {
    const [, address] = /^Server started at (\S+)$/m.exec(child.output) ?? [];
    return address === undefined ? undefined : new URL(address);
  });
}

/** What loads TypeScript here has to do so there too: `--import tsx`, in one word or in two. */
function loaders(args: readonly string[]): string[] {
  const isLoader = (argument = '') =>
    /^(?:--(?:import|loader|experimental-loader|require)|-r)(?:=|$)/.test(argument);
  return args.filter((argument, index) => {
    const before = args[index - 1];
    return isLoader(argument) || (isLoader(before) && !before?.includes('='));
  });
}

/** Asks `find` for the server's address until there is one. Ends the child if there is none in time. */
async function ready(
  child: ChildGroup,
  { option, startTimeout, signal }: StartOptions,
  find: () => Promise<URL | undefined>,
): Promise<RunningServer> {
  const end = performance.now() + startTimeout * 1000;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const url = child.ended === undefined ? await find() : undefined;
      // Asked again: another server may listen on the port that this one failed to get.
      if (child.ended !== undefined) {
        throw new ConfigError(
          `${option}: ${child.name} ended ${child.ended} before it served${child.tail()}`,
        );
      }
      if (url !== undefined) return serverOf(child, url);
      if (performance.now() > end) {
        throw new ConfigError(
          `${option}: ${child.name} did not accept a connection within ${startTimeout} s (--start-timeout)${child.tail()}`,
        );
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
  } catch (error) {
    await child.stop();
    throw error;
  }
}

function serverOf(child: ChildGroup, url: URL): RunningServer {
  return {
    url,
    fault: () =>
      child.ended === undefined
        ? undefined
        : `the server ended ${child.ended} during the pass${child.tail()}`,
    stop: () => child.stop(),
  };
}

/** True if a server accepts a connection there. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.setTimeout(2000, () => settle(false));
  });
}

/** Ports below those that systems give out by themselves, to clients too: a server may take long until it listens. */
const [LOWEST_PORT, HIGHEST_PORT] = [20_000, 32_000];
/** Ports that are tried before one of the system's has to do. */
const MOST_TRIED = 50;

/** On 127.0.0.1; nothing listens there at the moment, and nothing will that did not ask for it. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < MOST_TRIED; tried++) {
    const port = await portIfFree(randomInt(LOWEST_PORT, HIGHEST_PORT));
    if (port !== undefined) return port;
  }
  const port = await portIfFree(0);
  if (port === undefined) throw new ConfigError('There is no free port on 127.0.0.1');
  return port;
}

/** @param port 0: any. */
function portIfFree(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });
}
