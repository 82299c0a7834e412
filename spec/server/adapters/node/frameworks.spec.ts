/** Our applications inside Express, Fastify, Koa and Hono. */
import { expect } from 'chai';
import Fastify from 'fastify';
import sinon from 'sinon';
import type { Environ, StartResponse } from '../../../../lib/environ/types.js';
import { toNodeHandler } from '../../../../lib/server/adapters/node/node-handler.js';
import { paths, show, shown } from '../../../support/answer.js';
import { closePeers, Peer, request } from '../../../support/peer.js';
import { captureLog, closeServers } from '../../../support/serve.js';
import { until } from '../../../support/until.js';
import { FRAMEWORKS } from './frameworks.js';

/** Sends back each line as it comes. */
function echoLines(environ: Environ, start_response: StartResponse): AsyncIterable<Buffer> {
  start_response('200 OK', []);
  return environ['wsgi.input'][Symbol.asyncIterator]();
}

for (const [name, { serve }] of Object.entries(FRAMEWORKS)) {
  describe(`an application in ${name}`, () => {
    afterEach(async () => {
      sinon.restore();
      closePeers();
      await closeServers();
    });

    it('knows where it is mounted, and who asks', async () => {
      const { url } = await serve(show);
      expect(paths(await shown(`${url}/app`))).to.equal('/app | ');
      const seen = await shown(`${url}/app/caf%C3%A9?x=1`);
      expect(paths(seen)).to.equal('/app | /caf\xc3\xa9');
      expect(seen).to.include({
        REQUEST_URI: '/app/caf%C3%A9?x=1',
        QUERY_STRING: 'x=1',
        REMOTE_ADDR: '127.0.0.1',
      });
    });

    it('leaves other paths to the host', async () => {
      const { url } = await serve(show);
      const response = await fetch(`${url}/else`);
      expect([response.status, await response.text()]).to.deep.equal([404, 'host']);
    });

    it('gets JSON as it was sent', async () => {
      const { url } = await serve(show);
      const body = '{ "a": [1, 2] }';
      const headers = { 'Content-Type': 'application/json' };
      const seen = await shown(`${url}/app/`, { method: 'POST', body, headers });
      expect(seen).to.include({ body, CONTENT_TYPE: 'application/json', CONTENT_LENGTH: '15' });
    });

    it('streams both ways', async () => {
      const { port } = await serve(echoLines);
      const peer = await Peer.connect(port);
      await peer.send(request('/app/', { method: 'POST', headers: ['Transfer-Encoding: chunked'] }));
      await peer.send('4\r\none\n\r\n');
      await peer.got('4\r\none\n');
      await peer.send('4\r\ntwo\n\r\n0\r\n\r\n');
      expect((await peer.response()).body.toString()).to.equal('one\ntwo\n');
    });

    it('learns that its client is gone, of which the host says nothing', async () => {
      const complaints = sinon.stub(console, 'error');
      const events: string[] = [];
      const { port } = await serve((environ, start_response) => {
        environ['node.abort_signal'].addEventListener('abort', () => events.push('aborted'));
        start_response('200 OK', []);
        return {
          async *[Symbol.asyncIterator]() {
            for (;;) {
              yield Buffer.from('x');
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
          },
          close: () => events.push('closed'),
        };
      });
      const peer = await Peer.connect(port);
      await peer.send(request('/app/'));
      await peer.got('200 OK');
      peer.socket.destroy();
      await until(() => events.length >= 2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(events.sort()).to.deep.equal(['aborted', 'closed']);
      expect(complaints.args).to.deep.equal([]);
    });

    it('answers a failure itself', async () => {
      const log = await captureLog(async () => {
        const { url } = await serve(() => {
          throw new Error('mine');
        });
        const response = await fetch(`${url}/app/`);
        expect(response.status).to.equal(500);
        expect(await response.text()).to.equal(
          '500 Internal Server Error\n\nThe server could not complete the request.\n',
        );
      });
      expect(log).to.include('Error: mine');
    });
  });
}

describe('an application in an injected request of Fastify', () => {
  it('is answered without a server', async () => {
    const handler = toNodeHandler(show);
    const outer = Fastify();
    outer.removeAllContentTypeParsers();
    outer.addContentTypeParser('*', (_request, _body, done) => done(null));
    outer.all('/*', (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    const response = await outer.inject({ method: 'POST', url: '/x', payload: 'body' });
    expect(response.json()).to.include({ PATH_INFO: '/x', body: 'body' });
  });
});
