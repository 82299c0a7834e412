/** The peers that a user would pick on Node. */
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { CHUNK, CHUNKS, HELLO, JSON_BODY, MEBIBYTE } from './answers.js';

function chunkStream(): Readable {
  return Readable.from(Array.from({ length: CHUNKS }, () => CHUNK));
}

export async function fastify(): Promise<number> {
  const { default: create } = await import('fastify');
  // A load that stops in the middle of a stream is not news.
  const app = create({ logger: false });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.get('/', (_request, reply) => reply.type('text/plain').send(HELLO));
  app.get('/json', (_request, reply) => reply.type('application/json').send(JSON_BODY));
  app.get('/big', (_request, reply) => reply.type('application/octet-stream').send(MEBIBYTE));
  app.get('/chunks', (_request, reply) => reply.type('application/octet-stream').send(chunkStream()));
  app.post('/post', (request, reply) =>
    reply.type('text/plain').send(String((request.body as Buffer).length)),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as AddressInfo).port;
}

export async function hono(): Promise<number> {
  const { Hono } = await import('hono');
  const { serve } = await import('@hono/node-server');
  const app = new Hono();
  const binary = { 'Content-Type': 'application/octet-stream' };
  app.get('/', (c) => c.body(HELLO.toString(), 200, { 'Content-Type': 'text/plain' }));
  app.get('/json', (c) => c.body(new Uint8Array(JSON_BODY), 200, { 'Content-Type': 'application/json' }));
  app.get('/big', (c) => c.body(new Uint8Array(MEBIBYTE), 200, binary));
  app.get('/chunks', (c) => c.body(Readable.toWeb(chunkStream()) as ReadableStream, 200, binary));
  app.post('/post', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port));
  });
}

export async function express(): Promise<number> {
  const { default: create } = await import('express');
  const app = create();
  app.get('/', (_req, res) => res.type('text/plain').send(HELLO));
  app.get('/json', (_req, res) => res.type('application/json').send(JSON_BODY));
  app.get('/big', (_req, res) => res.type('application/octet-stream').send(MEBIBYTE));
  app.get('/chunks', (_req, res) => {
    chunkStream().pipe(res.type('application/octet-stream'));
  });
  app.post('/post', create.raw({ type: () => true }), (req, res) => {
    res.type('text/plain').send(String((req.body as Buffer).length));
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export async function koa(): Promise<number> {
  const { default: Koa } = await import('koa');
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx) => {
    const bodies: Record<string, () => Buffer | Readable> = {
      '/json': () => JSON_BODY,
      '/big': () => MEBIBYTE,
      '/chunks': chunkStream,
      '/': () => HELLO,
    };
    if (ctx.path === '/post') {
      const parts: Buffer[] = [];
      for await (const part of ctx.req) parts.push(part);
      ctx.body = String(Buffer.concat(parts).length);
      return;
    }
    ctx.type =
      ctx.path === '/json'
        ? 'application/json'
        : ctx.path === '/'
          ? 'text/plain'
          : 'application/octet-stream';
    ctx.body = bodies[ctx.path]?.();
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
