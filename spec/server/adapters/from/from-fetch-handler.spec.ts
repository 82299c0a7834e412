/** `fromFetchHandler`: fetch handlers as applications of our server. */
import { expect } from 'chai';
import type { Environ } from '../../../../lib/environ/types.js';
import {
  type ForeignFetchHandler,
  fromFetchHandler,
} from '../../../../lib/server/adapters/from/from-fetch-handler.js';
import { closePeers, Peer, request } from '../../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../../support/serve.js';
import { gate, until } from '../../../support/until.js';

async function served(handler: ForeignFetchHandler) {
  const { serverPort: port } = await serveApp(fromFetchHandler(handler));
  return { port, url: `http://127.0.0.1:${port}` };
}

describe('fromFetchHandler', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('hands on method, URL, headers and body', async () => {
    const { port } = await served(async (request) => {
      const { method, url, headers } = request;
      return Response.json([method, url, headers.get('x-a-b'), await request.text()]);
    });
    const peer = await Peer.connect(port);
    const headers = ['X-A-B: c', 'Content-Length: 4'];
    await peer.send(request('/caf%C3%A9/a%2Fb?x=%20', { method: 'PUT', headers, body: 'body' }));
    const { body } = await peer.response();
    const [method, url, header, text] = JSON.parse(String(body));
    expect(url).to.match(/^http:\/\/[\w.]+(:\d+)?\/caf%C3%A9\/a%2Fb\?x=%20$/);
    expect([method, header, text]).to.deep.equal(['PUT', 'c', 'body']);
  });

  it('quotes the path anew where a dispatcher changed it', async () => {
    const seen: string[] = [];
    const inner = fromFetchHandler(({ url }) => {
      seen.push(new URL(url).pathname);
      return new Response();
    });
    const { serverPort } = await serveApp((environ, start_response) => {
      environ.SCRIPT_NAME = '/caf\xc3\xa9';
      environ.PATH_INFO = '/a b%?';
      return inner(environ, start_response);
    });
    await fetch(`http://127.0.0.1:${serverPort}/x`);
    expect(seen).to.deep.equal(['/caf%C3%A9/a%20b%25%3F']);
  });

  it('gives the environ as second argument', async () => {
    const { url } = await served((_request, environ) => new Response(environ.REMOTE_ADDR));
    expect(await (await fetch(url)).text()).to.equal('127.0.0.1');
  });

  it('answers with status, headers and body, but for headers of a connection', async () => {
    const { url } = await served(() => {
      const headers = new Headers({ 'X-A': 'b', 'Keep-Alive': 'timeout=99', 'Transfer-Encoding': 'chunked' });
      headers.append('Set-Cookie', 'a=1');
      headers.append('Set-Cookie', 'b=2');
      return new Response('body', { status: 201, statusText: 'Made It', headers });
    });
    const response = await fetch(url);
    expect([response.status, response.statusText]).to.deep.equal([201, 'Made It']);
    expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    expect(response.headers.get('keep-alive')).to.equal('timeout=5');
    expect(await response.text()).to.equal('body');
  });

  it('streams both ways', async () => {
    const { port } = await served(({ body }) => new Response(body));
    const peer = await Peer.connect(port);
    await peer.send(request('/', { method: 'POST', headers: ['Transfer-Encoding: chunked'] }));
    await peer.send('3\r\none\r\n');
    await peer.got('3\r\none\r\n');
    await peer.send('3\r\ntwo\r\n0\r\n\r\n');
    expect((await peer.response()).body.toString()).to.equal('onetwo');
  });

  it('sends the head of a response whose body takes its time', async () => {
    const { port } = await served(() => new Response(new ReadableStream({})));
    const peer = await Peer.connect(port);
    await peer.send(request());
    await peer.got('\r\n\r\n');
    expect(peer.text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('reads no body before the handler does', async () => {
    const { port } = await served(() => new Response('no'));
    const peer = await Peer.connect(port);
    await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 4', 'Expect: 100-continue'] }));
    await peer.got('no');
    expect(peer.text).not.to.include('100 Continue');
  });

  it('has the body of a HEAD cancelled', async () => {
    const cancelled = gate();
    const { url } = await served(
      () =>
        new Response(
          new ReadableStream({ pull: (c) => c.enqueue(Buffer.from('x')), cancel: () => cancelled.open() }),
        ),
    );
    expect((await fetch(url, { method: 'HEAD' })).status).to.equal(200);
    await cancelled.promise;
  });

  it('aborts the request and cancels the body when the client goes', async () => {
    const events: string[] = [];
    const { port } = await served(({ signal }) => {
      signal.addEventListener('abort', () => events.push('aborted'));
      const pull = async (controller: ReadableStreamDefaultController) => {
        controller.enqueue(Buffer.from('x'));
        await new Promise((resolve) => setTimeout(resolve, 5));
      };
      return new Response(new ReadableStream({ pull, cancel: () => void events.push('cancelled') }));
    });
    const peer = await Peer.connect(port);
    await peer.send(request());
    await peer.got('200 OK');
    peer.socket.destroy();
    await until(() => events.length === 2);
    expect(events.sort()).to.deep.equal(['aborted', 'cancelled']);
  });

  it('is 500 when the handler fails, and cut short when its stream does', async () => {
    const log = await captureLog(async () => {
      const failing = await served(() => Promise.reject(new Error('mine')));
      expect((await fetch(failing.url)).status).to.equal(500);
      let pulls = 0;
      const pull = (controller: ReadableStreamDefaultController) => {
        if (pulls++ > 0) throw new Error('also mine');
        controller.enqueue(Buffer.from('part'));
      };
      const { port } = await served(() => new Response(new ReadableStream({ pull })));
      const peer = await Peer.connect(port);
      await peer.send(request());
      await peer.closed();
      expect(peer.text).to.match(/part\r\n$/);
    });
    expect(log).to.include('Error: mine').and.to.include('Error: also mine');
  });

  it('says what a handler gave in place of a Response', async () => {
    const log = await captureLog(async () => {
      const { url } = await served(() => undefined as unknown as Response);
      expect((await fetch(url)).status).to.equal(500);
    });
    expect(log).to.include('The fetch handler gave undefined, which is not a Response');
  });

  it('is 400 for a method that a Request cannot have', async () => {
    const { port } = await served(() => new Response());
    const peer = await Peer.connect(port);
    await peer.send(request('/', { method: 'TRACE' }));
    expect((await peer.response()).status).to.equal(400);
  });

  it('reads an input that only has read()', async () => {
    const inner = fromFetchHandler(async (request) => new Response(await request.text()));
    const { serverPort } = await serveApp((environ, start_response) => {
      const { read } = environ['wsgi.input'];
      const input = { read: read.bind(environ['wsgi.input']) } as Environ['wsgi.input'];
      environ['wsgi.input'] = input;
      return inner(environ, start_response);
    });
    const options = { method: 'POST', body: 'body' };
    expect(await (await fetch(`http://127.0.0.1:${serverPort}`, options)).text()).to.equal('body');
  });
});
