/** lib/porting/mirror/forward.ts, on the event loop: a server that is not ours behind one that is. */
import { once } from 'node:events';
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import { ConfigError } from '../../../lib/errors.js';
import { choose, forward } from '../../../lib/porting/index.js';
import { answering } from '../../support/call.js';
import { Peer } from '../../support/peer.js';
import { captureLog, closeServers, host, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';

function everyField(request: ClientRequest): void {
  request.maxHeadersCount = 0;
  request.end();
}

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown;

/** A server of ours in front of one that is not. */
async function inFrontOf(listener: Listener, options = {}) {
  const original = await host(createServer(listener));
  const server = await serveApp(forward(original.url, options));
  return { original, url: `http://127.0.0.1:${server.serverPort}`, port: server.serverPort };
}

/** A request as it is written, and all that comes back. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return textOf(socket);
}

describe('forward', () => {
  afterEach(closeServers);

  it('passes on an answer with large headers, and with many', async () => {
    const { url } = await inFrontOf((_req, res) => {
      for (let i = 0; i < 1500; i++) res.setHeader(`X-${i}`, 'y'.repeat(40));
      res.end('all');
    });
    const answer = await raw(
      Number(new URL(url).port),
      'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    );
    expect(answer.slice(0, 15)).to.equal('HTTP/1.1 200 OK');
    expect(answer.match(/^x-\d+: y{40}\r$/gim)).to.have.lengthOf(1500);
  });

  it('passes on method, target, headers and body as they came', async () => {
    const { port } = await inFrontOf(async (req, res) => {
      const { method, url, headers } = req;
      res.end(JSON.stringify({ method, url, headers, body: await textOf(req) }));
    });
    const head = [
      'PUT /a%2Fb//../caf%C3%A9?q=%20&q=2 HTTP/1.1',
      'Host: shop.example',
      'Cookie: a=1',
      'Cookie: b=2',
      'X-Forwarded-For: 1.2.3.4',
      'Content-Type: text/plain',
      'Content-Length: 5',
      'Connection: close, X-Hop',
      'X-Hop: 1',
    ];
    const answer = await raw(port, `${head.join('\r\n')}\r\n\r\nhello`);
    const seen = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')).match(/\{.*\}/s)?.[0] ?? '');
    expect(seen).to.include({ method: 'PUT', url: '/a%2Fb//../caf%C3%A9?q=%20&q=2', body: 'hello' });
    expect(seen.headers).to.include({
      host: 'shop.example',
      cookie: 'a=1; b=2',
      'x-forwarded-for': '1.2.3.4',
      'content-type': 'text/plain',
      'content-length': '5',
    });
  });

  it('keeps the length of a body, and Host, where Connection names them', async () => {
    const { port } = await inFrontOf(async (req, res) => res.end(`${req.headers.host} ${await textOf(req)}`));
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close, content-length, Host\r\nContent-Length: 5';
    expect(await raw(port, `${head}\r\n\r\nhello`)).to.include('x hello');
  });

  it('answers with status, reason, repeated headers and body', async () => {
    const { port } = await inFrontOf((_req, res) => {
      res.writeHead(
        299,
        'Fine by me',
        [
          ['Set-Cookie', 'a=1'],
          ['X-Name', 'caf\xe9'],
          ['Set-Cookie', 'b=2'],
          ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
          ['Keep-Alive', 'timeout=1'],
        ].flat(),
      );
      res.end('body');
    });
    const answer = await raw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(answer).to.match(/^HTTP\/1\.1 299 Fine by me\r\n/);
    expect(answer).to.match(/Set-Cookie: a=1\r\n(?:.*\r\n)*Set-Cookie: b=2\r\n/);
    expect(answer).to.include('Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n');
    expect(answer).not.to.include('Keep-Alive');
    expect(answer).to.include('body');
  });

  it('gives a request without a body none, and a chunked one its own', async () => {
    const { url } = await inFrontOf(async (req, res) => {
      const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
      res.end(`${length} ${coding} ${await textOf(req)}`);
    });
    expect(await (await fetch(url)).text()).to.equal('undefined undefined ');
    expect(await (await fetch(url, { method: 'DELETE' })).text()).to.equal('undefined undefined ');
    const blocks = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('in '));
        controller.enqueue(Buffer.from('blocks'));
        controller.close();
      },
    });
    const init = { method: 'POST', body: blocks, duplex: 'half' } as RequestInit;
    expect(await (await fetch(url, init)).text()).to.equal('undefined chunked in blocks');
  });

  it('sends the parts of an answer as they come', async () => {
    const second = gate();
    const { url } = await inFrontOf(async (_req, res) => {
      res.write('one');
      await second.promise;
      res.end('two');
    });
    const parts: string[] = [];
    for await (const part of (await fetch(url)).body ?? []) {
      parts.push(Buffer.from(part).toString());
      second.open();
    }
    expect(parts).to.deep.equal(['one', 'two']);
  });

  it('answers HEAD with the head alone, and keeps Content-Length', async () => {
    const { url } = await inFrontOf((_req, res) => {
      res.writeHead(200, { 'Content-Length': 1000 });
      res.end();
    });
    const response = await fetch(url, { method: 'HEAD' });
    expect(response.headers.get('content-length')).to.equal('1000');
  });

  it('passes on what a server answers before it has read the body', async () => {
    const { url } = await inFrontOf((req, res) => {
      res.writeHead(413);
      res.end('too much');
      req.resume();
    });
    const response = await fetch(url, { method: 'POST', body: Buffer.alloc(8 << 20) });
    expect(response.status).to.equal(413);
    expect(await response.text()).to.equal('too much');
  });

  it('puts the path of its URL before that of the request', async () => {
    const original = await host(createServer((req, res) => void res.end(req.url)));
    const server = await serveApp(forward(`${original.url}/base/`));
    expect(await (await fetch(`http://127.0.0.1:${server.serverPort}/x?y`)).text()).to.equal('/base/x?y');
  });

  it('says who the client is, if it is asked to', async () => {
    const { port } = await inFrontOf((req, res) => void res.end(JSON.stringify(req.headers)), {
      forwarded: true,
    });
    const answer = await raw(
      port,
      'GET / HTTP/1.0\r\nHost: shop.example\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n',
    );
    expect(answer).to.include('"x-forwarded-for":"127.0.0.1"');
    expect(answer).to.include('"x-forwarded-host":"shop.example"');
    expect(answer).to.include('"x-forwarded-proto":"http"');
  });

  it('passes on 103 Early Hints', async () => {
    const { url } = await inFrontOf((_req, res) => {
      res.writeEarlyHints({ link: '</a.css>; rel=preload' });
      res.end('done');
    });
    const outgoing = request(url).end();
    const hints = once(outgoing, 'information');
    const [response] = await once(outgoing, 'response');
    response.resume();
    expect((await hints)[0]).to.deep.include({ statusCode: 103 });
  });

  it('cuts what the other server cuts', async () => {
    const { url } = await inFrontOf((_req, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('some of it', () => res.destroy());
    });
    let failure: unknown;
    const log = await captureLog(async () => {
      failure = await fetch(url)
        .then((response) => response.text())
        .catch((error: Error) => error);
    });
    expect(log).to.include('GET /').and.to.include('cut its answer');
    expect(failure).to.be.instanceOf(Error);
  });

  it('answers 502 if there is no server, and 504 if that is silent', async () => {
    const gone = await host(createServer());
    await gone.close();
    const server = await serveApp(forward(gone.url));
    const response = await fetch(`http://127.0.0.1:${server.serverPort}/`);
    expect(response.status).to.equal(502);
    expect(await response.text()).to.match(/127\.0\.0\.1:\d+ gave no answer: .*ECONNREFUSED/);
    const { url } = await inFrontOf(() => {}, { timeout: 0.05 });
    const log = await captureLog(async () => {
      const late = await fetch(url);
      expect(late.status).to.equal(504);
      expect(await late.text()).to.include('silent for 0.05 s');
    });
    expect(log).to.match(/WARNING:.*forward: 504 for 'GET \/'.*silent for 0.05 s/);
  });

  it('waits for a client that sends its body slowly, and for the other server only from then on', async () => {
    const { url } = await inFrontOf(
      async (req, res) => {
        let body = '';
        for await (const block of req) body += block;
        if (body !== 'silence') res.end(body);
      },
      { timeout: 0.3 },
    );
    const send = async (...parts: string[]) => {
      const peer = await Peer.connect(Number(new URL(url).port));
      const length = parts.join('').length;
      await peer.send(`POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
      for (const part of parts) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        await peer.send(part);
      }
      await peer.closed();
      return peer.text;
    };
    expect(await send('slow', 'ly')).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*slowly$/);
    expect(await send('sil', 'ence')).to.match(/^HTTP\/1\.1 504 /);
  });

  it('answers 502 for what is not HTTP', async () => {
    const nonsense = createTcpServer((socket) =>
      socket
        .resume()
        .on('error', () => {})
        .end('220 mail.example\r\n'),
    );
    nonsense.listen(0, '127.0.0.1');
    await once(nonsense, 'listening');
    const { port } = nonsense.address() as { port: number };
    const server = await serveApp(forward(`http://127.0.0.1:${port}`));
    expect((await fetch(`http://127.0.0.1:${server.serverPort}/`)).status).to.equal(502);
    await new Promise((resolve) => nonsense.close(resolve));
  });

  it('ends the request when the client leaves', async () => {
    let gone = false;
    const came = gate();
    const { url } = await inFrontOf((req) => {
      came.open();
      req.on('close', () => {
        gone = true;
      });
    });
    const leave = new AbortController();
    const failure = fetch(url, { signal: leave.signal }).catch((error: Error) => error.name);
    await came.promise;
    leave.abort();
    expect(await failure).to.equal('AbortError');
    await until(() => gone, 'the end of the request');
  });

  it('goes below choose(), with the whole path', async () => {
    const original = await host(createServer((req, res) => void res.end(`original ${req.url}`)));
    const app = choose(
      { '/new': true },
      answering('200 OK', [Buffer.from('candidate')]),
      forward(original.url),
    );
    const server = await serveApp(app);
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${server.serverPort}${path}`)).text();
    expect(await get('/old/x')).to.equal('original /old/x');
    expect(await get('/new')).to.equal('candidate');
  });

  for (const url of ['127.0.0.1:8000', 'ftp://x/', 'http://x/?q', 'http://me:secret@x/', '']) {
    it(`refuses ${JSON.stringify(url)}`, () => {
      expect(() => forward(url)).to.throw(ConfigError, /forward\(\) takes/);
    });
  }

  it('refuses options that cannot work', () => {
    expect(() => forward('http://x', { timeout: -1 })).to.throw(ConfigError, /timeout of forward\(\)/);
    expect(() => forward('http://x', { timeOut: 1 } as never)).to.throw(ConfigError, /did you mean timeout/);
  });
});

describe('forward of a WebSocket', () => {
  afterEach(closeServers);

  async function site(listen: (socket: WebSocket, req: IncomingMessage) => void, options = {}) {
    const http = createServer();
    const sockets = new WebSocketServer({ server: http, ...options });
    sockets.on('connection', listen);
    const original = await host(http);
    const server = await serveApp(forward(original.url));
    return { sockets, http, url: `ws://127.0.0.1:${server.serverPort}` };
  }

  it('passes on messages of both kinds, both ways', async () => {
    const { url } = await site((socket) => {
      socket.send('welcome');
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    const client = new WebSocket(`${url}/chat?x=1`);
    const received: (string | Buffer)[] = [];
    client.on('message', (data, binary) => received.push(binary ? (data as Buffer) : String(data)));
    await once(client, 'open');
    client.send('text é');
    client.send(Buffer.from([0, 255]));
    client.send('');
    await until(() => received.length === 4, 'four messages');
    expect(received).to.deep.equal(['welcome', 'text é', Buffer.from([0, 255]), '']);
    client.close(4001, 'bye');
    await once(client, 'close');
  });

  it('passes on a handshake with large headers, and a message in many fragments', async () => {
    const { url, sockets } = await site((socket) => {
      for (let i = 0; i < 20_000; i++) socket.send('x', { fin: i === 19_999 });
    });
    sockets.on('headers', (headers) => {
      for (let i = 0; i < 1500; i++) headers.push(`Set-Cookie: c${i}=${'y'.repeat(40)}`);
    });
    const client = new WebSocket(url, { maxHeaderSize: 1 << 20, finishRequest: everyField });
    const upgraded = once(client, 'upgrade');
    const [data] = await once(client, 'message');
    expect((data as Buffer).length).to.equal(20_000);
    expect((await upgraded)[0].headers['set-cookie']).to.have.lengthOf(1500);
    client.terminate();
  });

  it('answers pings of the other server that come together', async () => {
    const { url } = await site((socket) => {
      let pongs = 0;
      socket.on('pong', () => {
        if (++pongs === 200) socket.send('all were answered');
      });
      (socket as unknown as { _socket: Socket })._socket.cork();
      for (let i = 0; i < 200; i++) socket.ping();
      (socket as unknown as { _socket: Socket })._socket.uncork();
    });
    const client = new WebSocket(url);
    const [data] = await once(client, 'message');
    expect(String(data)).to.equal('all were answered');
    client.terminate();
  });

  it('passes on target, cookies, subprotocol, and the headers of the handshake', async () => {
    let seen: IncomingMessage | undefined;
    const { url, sockets } = await site(
      (_socket, req) => {
        seen = req;
      },
      { handleProtocols: () => 'v2' },
    );
    sockets.on('headers', (headers) => headers.push('Set-Cookie: sid=1', 'Status: 101'));
    const client = new WebSocket(`${url}/a%2Fb?x=1`, ['v1', 'v2'], {
      headers: { Cookie: 'a=1' },
      origin: 'http://o',
    });
    const upgraded = once(client, 'upgrade');
    await once(client, 'open');
    expect(client.protocol).to.equal('v2');
    expect((await upgraded)[0].headers['set-cookie']).to.deep.equal(['sid=1']);
    expect(seen?.url).to.equal('/a%2Fb?x=1');
    expect(seen?.headers).to.include({ cookie: 'a=1', origin: 'http://o', host: url.slice(5) });
    client.terminate();
  });

  it('passes on how either side closes', async () => {
    const codes: [number, string][] = [];
    const { url } = await site((socket, req) => {
      socket.on('close', (code, reason) => codes.push([code, String(reason)]));
      if (req.url === '/close') socket.close(4002, 'full');
      if (req.url === '/cut') socket.terminate();
      if (req.url === '/no-code') socket.close();
    });
    const closed = async (path: string) => {
      const client = new WebSocket(url + path);
      const [code, reason] = await once(client, 'close');
      return [code, String(reason)];
    };
    expect(await closed('/close')).to.deep.equal([4002, 'full']);
    expect((await closed('/cut'))[0]).to.equal(1011);
    expect(await closed('/no-code'), 'RFC 6455 section 7.1.5').to.deep.equal([1005, '']);
    const client = new WebSocket(url);
    await once(client, 'open');
    client.close(4003, 'mine');
    await until(() => codes.some(([code, reason]) => code === 4003 && reason === 'mine'), 'the close code');
  });

  it('refuses as the other server refuses, and with 502 if there is none', async () => {
    const { url, http, sockets } = await site(() => {}, {
      verifyClient: (_info: unknown, done: (ok: boolean, code: number, text: string) => void) =>
        done(false, 401, 'who are you'),
    });
    const refused = async () => {
      const client = new WebSocket(url);
      client.on('error', () => {});
      const [, response] = await once(client, 'unexpected-response');
      return [response.statusCode, await textOf(response)];
    };
    expect(await refused()).to.deep.equal([401, 'who are you']);
    sockets.close();
    http.close();
    http.closeAllConnections();
    await once(http, 'close');
    expect((await refused())[0]).to.equal(502);
  });
});
