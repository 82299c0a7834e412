/** The official client of Redis (`redis` of npm), as much of it as is used here: it is loaded when it is needed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../../errors.js';
import type { RedisAddress } from './redis-url.js';

export type RedisListener = (message: Buffer, channel: Buffer) => void;

/** One connection. */
export interface RedisClient {
  on(event: 'error', listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(words: (string | Buffer)[]): Promise<unknown>;
  // The last argument says that messages are bytes.
  subscribe(channel: string, listener: RedisListener, bytes: true): Promise<void>;
  unsubscribe(channel: string, listener: RedisListener, bytes: true): Promise<void>;
  pSubscribe(pattern: string, listener: RedisListener, bytes: true): Promise<void>;
  pUnsubscribe(pattern: string, listener: RedisListener, bytes: true): Promise<void>;
  /** The process may end although it is connected. */
  unref(): void;
  destroy(): void;
}

/** The options of the client that are used. */
export interface RedisClientOptions {
  readonly socket: RedisAddress['socket'] & {
    readonly reconnectStrategy: false;
    readonly connectTimeout: number;
  };
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  readonly RESP: 2;
  readonly disableOfflineQueue: true;
  readonly maintNotifications: 'disabled';
  readonly commandOptions: { readonly timeout: undefined };
}

export type CreateRedisClient = (options: RedisClientOptions) => RedisClient;

/**
 * A client that gives up when its connection is lost: what is done then is not its business.
 * @param patience milliseconds to connect in.
 */
export function makeClient(
  create: CreateRedisClient,
  { socket, username, password, database }: RedisAddress,
  patience: number,
): RedisClient {
  const client = create({
    socket: { ...socket, reconnectStrategy: false, connectTimeout: patience },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    // Every version has it, and forks too.
    RESP: 2,
    // What is published without a connection is dropped, not kept.
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // One timer for each command would cost more than the command; `RedisLink` looks after all of them.
    commandOptions: { timeout: undefined },
  });
  client.unref();
  return client;
}

/** @throws ConfigError if the package is not installed, or too old. */
export async function loadRedis(): Promise<CreateRedisClient> {
  const found = (await load('redis')) ?? (await load(besideApplication()));
  if (found === undefined) {
    throw new ConfigError(
      'Channels over Redis need the package redis, which is not installed: npm install redis',
    );
  }
  const { createClient } = found as { readonly createClient?: CreateRedisClient };
  // Version 4 has other names for half of what is used here, and no sentinels.
  if (typeof createClient !== 'function' || !('createSentinel' in found)) {
    throw new ConfigError(
      'Channels over Redis need version 5 or newer of the package redis: npm install redis@latest',
    );
  }
  return createClient;
}

/** Undefined if there is no such package. */
async function load(name: string | undefined): Promise<object | undefined> {
  if (name === undefined) return undefined;
  try {
    return (await import(name)) as object;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return undefined;
    throw new ConfigError(`The package redis cannot be loaded: ${message}`, { cause: error });
  }
}

/** The application's, where this package is installed elsewhere (`npm install --global`). */
function besideApplication(): string | undefined {
  try {
    return pathToFileURL(createRequire(join(process.cwd(), 'application.js')).resolve('redis')).href;
  } catch {
    return undefined;
  }
}
