/** Express, Koa, Fastify and Hono as applications of ours. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import type { Application, Environ } from '../../../../lib/environ/types.js';
import { fromFetchHandler } from '../../../../lib/server/adapters/from/from-fetch-handler.js';
import { fromNodeHandler } from '../../../../lib/server/adapters/from/from-node-handler.js';
import { closePeers, Peer, request } from '../../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../../support/serve.js';

interface Inner {
  /** Echoes JSON at POST /json, streams at /stream, fails at /fail; nothing elsewhere. */
  make(): Promise<Application>;
  /** Who answers and logs a failure of a handler in it. */
  readonly failure: 'ours' | 'its own';
  /** It has a parser that knows malformed JSON for the client's fault. */
  readonly checksJson: boolean;
}

const parts = () => Readable.from(['one ', 'two ', 'three']);

const INNER: Record<string, Inner> = {
  Express: {
    failure: 'ours',
    checksJson: true,
    async make() {
      const app = express();
      app.use(express.json());
      app.post('/json', (request, response) => {
        response.json({ ...request.body, mount: request.baseUrl, ip: request.ip });
      });
      app.get('/stream', (_request, response) => parts().pipe(response));
      app.get('/fail', () => {
        throw new Error('mine');
      });
      return fromNodeHandler(app);
    },
  },
  Koa: {
    failure: 'its own',
    checksJson: false,
    async make() {
      const app = new Koa();
      app.silent = true;
      app.use(async (context) => {
        if (context.path === '/json') {
          let body = '';
          for await (const chunk of context.req) body += chunk;
          context.body = { ...JSON.parse(body), mount: '/inner', ip: context.ip };
        } else if (context.path === '/stream') context.body = parts();
        else if (context.path === '/fail') throw new Error('mine');
      });
      return fromNodeHandler(app.callback());
    },
  },
  Fastify: {
    failure: 'its own',
    checksJson: true,
    async make() {
      const app = Fastify();
      app.post('/json', async (request) => ({
        ...(request.body as object),
        mount: '/inner',
        ip: request.ip,
      }));
      app.get('/stream', (_request, reply) => reply.send(parts()));
      app.get('/fail', () => {
        throw new Error('mine');
      });
      await app.ready();
      return fromNodeHandler((message: IncomingMessage, response: ServerResponse) =>
        app.routing(message, response),
      );
    },
  },
  Hono: {
    failure: 'its own',
    checksJson: false,
    async make() {
      const app = new Hono<{ Bindings: Environ }>().basePath('/inner');
      app.post('/json', async (context) => {
        const { SCRIPT_NAME, REMOTE_ADDR } = context.env;
        return context.json({ ...(await context.req.json()), mount: SCRIPT_NAME, ip: REMOTE_ADDR });
      });
      app.get('/stream', () => new Response(Readable.toWeb(parts().map(Buffer.from)) as ReadableStream));
      app.get('/fail', () => {
        throw new Error('mine');
      });
      app.onError((_error, context) => context.text('its own', 500));
      return fromFetchHandler(async (request, environ) => app.fetch(request, environ));
    },
  },
};

for (const [name, { make, failure, checksJson }] of Object.entries(INNER)) {
  describe(`${name} as an application`, () => {
    let url: string;

    beforeEach(async () => {
      const inner = await make();
      const { serverPort } = await serveApp((environ, start_response) => {
        environ.SCRIPT_NAME = '/inner';
        environ.PATH_INFO = environ.PATH_INFO.slice('/inner'.length);
        return inner(environ, start_response);
      });
      url = `http://127.0.0.1:${serverPort}/inner`;
    });

    afterEach(async () => {
      closePeers();
      await closeServers();
    });

    for (const framing of ['a length', 'chunks']) {
      it(`reads and answers JSON sent with ${framing}`, async () => {
        const text = '{"a":1}';
        const response = await fetch(`${url}/json`, {
          method: 'POST',
          body: framing === 'chunks' ? new Blob([text]).stream() : text,
          headers: { 'Content-Type': 'application/json' },
          duplex: 'half',
        });
        expect(response.headers.get('content-type')).to.match(/^application\/json/);
        expect(await response.json()).to.deep.equal({ a: 1, mount: '/inner', ip: '127.0.0.1' });
      });
    }

    if (checksJson)
      it('answers 400 to malformed JSON, which is no error to log', async () => {
        const log = await captureLog(async () => {
          const headers = { 'Content-Type': 'application/json' };
          const response = await fetch(`${url}/json`, { method: 'POST', body: '{"a', headers });
          expect(response.status).to.equal(400);
        });
        expect(log).to.equal('');
      });

    it('streams', async () => {
      const response = await fetch(`${url}/stream`);
      expect(response.headers.get('transfer-encoding')).to.equal('chunked');
      expect(await response.text()).to.equal('one two three');
    });

    it('answers 404, also to HEAD, and keeps the connection', async () => {
      const peer = await Peer.connect(Number(new URL(url).port));
      const methods = ['HEAD', 'GET'];
      for (const method of methods) await peer.send(request('/inner/nothing', { method }));
      const responses = await peer.responses(2, methods);
      expect(responses.map(({ status }) => status)).to.deep.equal([404, 404]);
    });

    it('answers 500 to a failure', async () => {
      const log = await captureLog(async () => {
        const response = await fetch(`${url}/fail`);
        expect(response.status).to.equal(500);
      });
      expect(log).to.match(failure === 'ours' ? /Error: mine/ : /^$/);
    });
  });
}
