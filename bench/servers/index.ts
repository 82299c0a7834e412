/** The servers that the bench compares: the same answers, each in its own words. */
import { express, fastify, hono, koa } from './frameworks.js';
import { raw, rawWebSocket } from './raw.js';
import { wsgi } from './wsgi.js';

/** Starts a server on 127.0.0.1 and a free port, and gives the port. */
export type Start = () => Promise<number>;

export const servers: Record<string, Start> = { raw, rawWebSocket, wsgi, fastify, hono, express, koa };
