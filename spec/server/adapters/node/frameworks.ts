/** The real Express, Fastify, Koa and Hono as hosts of our applications. */
import { createServer, type Server } from 'node:http';
import { serve as serveFetch } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import type { Application } from '../../../../lib/environ/types.js';
import { toFetchHandler } from '../../../../lib/server/adapters/fetch/fetch-handler.js';
import { type NodeHandler, toNodeHandler } from '../../../../lib/server/adapters/node/node-handler.js';
import { type Host, host } from '../../../support/serve.js';

export interface Framework {
  /** Serves the application at /app, and answers `host` everywhere else. */
  serve(app: Application): Promise<Host>;
  readonly webSocket: boolean;
}

function upgrading(server: Server, handler: NodeHandler): Promise<Host> {
  server.on('upgrade', handler.upgrade);
  return host(server);
}

export const FRAMEWORKS: Record<string, Framework> = {
  Express: {
    webSocket: true,
    serve(app) {
      const handler = toNodeHandler(app);
      const outer = express();
      outer.use('/app', handler);
      outer.use((_request, response) => response.status(404).send('host'));
      return upgrading(createServer(outer), handler);
    },
  },
  Fastify: {
    webSocket: true,
    async serve(app) {
      const handler = toNodeHandler(app, { scriptName: '/app' });
      const outer = Fastify();
      outer.register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _body, done) => done(null));
        for (const url of ['/app', '/app/*']) {
          scope.all(url, (request, reply) => {
            reply.hijack();
            handler(request.raw, reply.raw);
          });
        }
      });
      outer.setNotFoundHandler((_request, reply) => reply.code(404).send('host'));
      await outer.listen({ port: 0, host: '127.0.0.1' });
      return upgrading(outer.server, handler);
    },
  },
  Koa: {
    webSocket: true,
    serve(app) {
      const handler = toNodeHandler(app, { scriptName: '/app' });
      const outer = new Koa();
      outer.use((context) => {
        if (/^\/app(?:\/|$)/.test(context.path)) {
          context.respond = false;
          handler(context.req, context.res);
        } else {
          context.body = 'host';
          context.status = 404;
        }
      });
      return upgrading(createServer(outer.callback()), handler);
    },
  },
  Hono: {
    webSocket: false,
    serve(app) {
      const handler = toFetchHandler(app, { scriptName: '/app' });
      const outer = new Hono();
      outer.mount('/app', handler, { replaceRequest: false, optionHandler: (context) => [context.env] });
      outer.notFound((context) => context.text('host', 404));
      return host(serveFetch({ fetch: outer.fetch, port: 0, hostname: '127.0.0.1' }) as Server);
    },
  },
};
