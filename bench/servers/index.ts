/** The servers that the bench compares: the same answers, each in its own words. */
import { blocking } from './blocking.js';
import { express, fastify, hono, koa } from './frameworks.js';
import { raw, rawCluster, rawWebSocket } from './raw.js';
import { rawRoom, wsgiRoom } from './rooms.js';
import { wsgi } from './wsgi.js';

/** Starts a server on 127.0.0.1 and a free port, and gives the port. */
export type Start = () => Promise<number>;

const named: Record<string, Start> = {
  raw,
  rawCluster,
  rawWebSocket: () => rawWebSocket(),
  rawDeflate: () => rawWebSocket(true),
  wsgi,
  fastify,
  hono,
  express,
  koa,
  rawRoom,
  wsgiRoom,
};

/** By name; `threads-4` is this package with four threads. */
export function serverOf(name: string): Start | undefined {
  const threads = /^threads-(\d+)$/.exec(name)?.[1];
  return threads === undefined ? named[name] : () => blocking(Number(threads));
}
