/** `fromNodeHandler`: Node request listeners as applications of our server. */
import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import {
  type ForeignNodeHandler,
  fromNodeHandler,
} from '../../../../lib/server/adapters/from/from-node-handler.js';
import { closePeers, Peer, request } from '../../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../../support/serve.js';
import { gate, until } from '../../../support/until.js';

type Handler = ForeignNodeHandler<import('node:http').IncomingMessage, ServerResponse>;

async function served(handler: Handler) {
  const { serverPort: port } = await serveApp(fromNodeHandler(handler));
  return { port, url: `http://127.0.0.1:${port}` };
}

describe('fromNodeHandler', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('sends very many small blocks that the handler wrote in one go', async () => {
    const { url } = await served((_message, response) => {
      for (let i = 0; i < 120_000; i++) response.write('row\n');
      response.end();
    });
    expect((await (await fetch(url)).text()).length).to.equal(480_000);
  }).timeout(6000);

  describe('the request', () => {
    it('emits close after a normal end, though its body was not read', async () => {
      const events: string[] = [];
      const { url } = await served((message, response) => {
        for (const event of ['aborted', 'error', 'close']) message.on(event, () => events.push(event));
        response.end('done');
      });
      expect(await (await fetch(url, { method: 'POST', body: 'x'.repeat(1000) })).text()).to.equal('done');
      await until(() => events.length > 0, 'the close');
      expect(events).to.deep.equal(['close']);
    });

    it('is an IncomingMessage with what the client sent', async () => {
      const { port } = await served(async (message, response) => {
        const { method, url, headers, rawHeaders, httpVersion, socket } = message;
        const chunks: Buffer[] = [];
        for await (const chunk of message) chunks.push(chunk);
        const { remoteAddress, localAddress } = socket;
        const body = String(Buffer.concat(chunks));
        const names = rawHeaders.filter((_, i) => i % 2 === 0);
        response.end(
          JSON.stringify([
            method,
            url,
            headers['x-a-b'],
            message.headersDistinct['x-a-b'],
            names,
            httpVersion,
            remoteAddress,
            localAddress,
            body,
            message.complete,
          ]),
        );
      });
      const peer = await Peer.connect(port);
      const headers = ['x-a-b: c', 'Content-Length: 4'];
      await peer.send(request('/a%2Fb?c', { method: 'PUT', headers, body: 'body' }));
      expect(JSON.parse(String((await peer.response()).body))).to.deep.equal([
        'PUT',
        '/a%2Fb?c',
        'c',
        ['c'],
        ['Host', 'X-A-B', 'Content-Length'],
        '1.1',
        '127.0.0.1',
        '127.0.0.1',
        'body',
        true,
      ]);
    });

    it('has the mount point taken off, as by Express', async () => {
      const inner = fromNodeHandler((message, response) => {
        const { url, originalUrl, baseUrl } = message as typeof message & Record<string, unknown>;
        response.end(JSON.stringify([url, originalUrl, baseUrl]));
      });
      const { serverPort } = await serveApp((environ, start_response) => {
        environ.SCRIPT_NAME = '/a b';
        environ.PATH_INFO = environ.PATH_INFO.slice('/a b'.length);
        return inner(environ, start_response);
      });
      const seen = async (path: string) => (await fetch(`http://127.0.0.1:${serverPort}${path}`)).json();
      expect(await seen('/a%20b/c%2Fd?e')).to.deep.equal(['/c%2Fd?e', '/a%20b/c%2Fd?e', '/a%20b']);
      expect(await seen('/a%20b?e')).to.deep.equal(['/?e', '/a%20b?e', '/a%20b']);
    });
  });

  describe('the response', () => {
    const HEADS: [what: string, (response: ServerResponse) => void][] = [
      [
        'setHeader',
        (response) => {
          response.statusCode = 201;
          response.statusMessage = 'Made It';
          response.setHeader('X-A', 'b').setHeader('Set-Cookie', ['a=1', 'b=2']);
        },
      ],
      [
        'an object',
        (response) => response.writeHead(201, 'Made It', { 'X-A': 'b', 'Set-Cookie': ['a=1', 'b=2'] }),
      ],
      [
        'a flat list',
        (response) =>
          response.writeHead(201, 'Made It', ['X-A', 'b', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']),
      ],
      [
        'an object and no reason',
        (response) => {
          response.statusMessage = 'Made It';
          response.writeHead(201, undefined, { 'X-A': 'b', 'Set-Cookie': ['a=1', 'b=2'] });
        },
      ],
      [
        'a list of pairs',
        (response) => {
          const pairs = [
            ['X-A', 'b'],
            ['Set-Cookie', ['a=1', 'b=2']],
          ] as unknown as string[];
          response.writeHead(201, 'Made It', pairs);
        },
      ],
      [
        'both',
        (response) => {
          response.statusMessage = 'Made It';
          response
            .setHeader('x-a', 'old')
            .appendHeader('Set-Cookie', 'a=1')
            .appendHeader('Set-Cookie', 'b=2');
          response.writeHead(201, { 'X-A': 'b' });
        },
      ],
    ];
    for (const [what, write] of HEADS) {
      it(`has its head set by ${what}`, async () => {
        const { url } = await served((_message, response) => {
          write(response);
          response.end('body');
          expect(response.headersSent).to.equal(true);
          expect(() => response.setHeader('X-B', 'c')).to.throw('Cannot set headers');
        });
        const response = await fetch(url);
        expect([response.status, response.statusText]).to.deep.equal([201, 'Made It']);
        expect(response.headers.get('x-a')).to.equal('b');
        expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
        expect(response.headers.get('content-length')).to.equal(what === 'setHeader' ? '4' : null);
        expect(await response.text()).to.equal('body');
      });
    }

    it('drops informational responses, and their sender goes on', async () => {
      const { url } = await served((_message, response) => {
        response.writeEarlyHints({ link: '</style.css>' }, () =>
          response.writeContinue(() => response.writeProcessing(() => response.end('body'))),
        );
      });
      expect(await (await fetch(url)).text()).to.equal('body');
    });

    it('does not pass on headers of a connection', async () => {
      const { url } = await served((_message, response) => {
        response.writeHead(200, {
          Connection: 'close',
          'Keep-Alive': 'timeout=99',
          'Transfer-Encoding': 'chunked',
        });
        response.end('body');
      });
      const response = await fetch(url);
      expect(response.headers.get('connection')).to.equal('keep-alive');
      expect(response.headers.get('keep-alive')).to.equal('timeout=5');
      expect(await response.text()).to.equal('body');
    });

    it('is a ServerResponse, whatever prototype it is given', async () => {
      const { url } = await served((_message, response) => {
        expect(response).to.be.instanceOf(ServerResponse);
        Object.setPrototypeOf(response, Object.create(ServerResponse.prototype));
        response.write('bo');
        response.end('dy');
      });
      expect(await (await fetch(url)).text()).to.equal('body');
    });

    it('takes strings of any encoding, bytes and callbacks, and ends as a stream does', async () => {
      const events: string[] = [];
      const { url } = await served((_message, response) => {
        for (const name of ['finish', 'close']) response.on(name, () => events.push(name));
        response.write('Ym8=', 'base64', () => {
          events.push('written');
          response.end(Buffer.from('dy'), () => events.push('ended'));
          expect([response.writableEnded, response.finished]).to.deep.equal([true, true]);
        });
      });
      expect(await (await fetch(url)).text()).to.equal('body');
      await until(() => events.includes('close'));
      expect(events).to.have.members(['written', 'finish', 'ended', 'close']);
      expect(events[0]).to.equal('written');
    });

    it('refuses what is no text and no bytes, and what comes behind its end', async () => {
      const late = gate<Error | null | undefined>();
      const { url } = await served((_message, response) => {
        expect(() => response.write(42)).to.throw(TypeError, 'must be of type string');
        response.end('body');
        expect(response.write('late', (error) => late.open(error))).to.equal(false);
        response.end('later');
      });
      expect(await (await fetch(url)).text()).to.equal('body');
      expect(await late.promise).to.be.an('error');
    });

    it('has no body for HEAD and 304, whatever is written', async () => {
      const finished: string[] = [];
      const { url } = await served((message, response) => {
        response.on('finish', () => finished.push(message.method as string));
        if (message.method === 'GET') response.statusCode = 304;
        response.write('body');
        response.end('more');
      });
      const head = await fetch(url, { method: 'HEAD' });
      const unchanged = await fetch(url);
      expect([head.status, unchanged.status]).to.deep.equal([200, 304]);
      await until(() => finished.length === 2);
    });

    it('sends its head ahead with flushHeaders()', async () => {
      const { port } = await served((_message, response) => response.flushHeaders());
      const peer = await Peer.connect(port);
      await peer.send(request());
      await peer.got('\r\n\r\n');
      expect(peer.text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    });

    it('makes its writer wait for a client that does not read', async () => {
      let written = 0;
      const stopped = gate();
      const { port } = await served(async (_message, response) => {
        for (;;) {
          written++;
          if (response.write(Buffer.alloc(64 * 1024))) continue;
          const timer = setTimeout(() => stopped.open(), 200);
          await once(response, 'drain');
          clearTimeout(timer);
        }
      });
      const peer = await Peer.connect(port, { paused: true });
      await peer.send(request());
      await stopped.promise;
      const before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(written).to.equal(before);
      peer.socket.resume();
      await until(() => written > before);
      peer.socket.destroy();
    });

    it('can be piped to', async () => {
      const done = gate();
      const { url } = await served(async (_message, response) => {
        await pipeline(Readable.from(['a', 'b', 'c']), response);
        done.open();
      });
      expect(await (await fetch(url)).text()).to.equal('abc');
      await done.promise;
    });
  });

  it('is 404 when the handler calls next(), and 500 for next(error), a throw and a rejection', async () => {
    const log = await captureLog(async () => {
      const statusOf = async (handler: Handler) => (await fetch((await served(handler)).url)).status;
      expect(await statusOf((_message, _response, next) => next())).to.equal(404);
      expect(await statusOf((_message, _response, next) => next(new Error('by next')))).to.equal(500);
      expect(
        await statusOf(() => {
          throw new Error('by throw');
        }),
      ).to.equal(500);
      expect(await statusOf(async () => Promise.reject(new Error('by promise')))).to.equal(500);
    });
    for (const way of ['next', 'throw', 'promise']) expect(log).to.include(`Error: by ${way}`);
  });

  it('has the status of an error that says it is the client’s, and logs nothing', async () => {
    const log = await captureLog(async () => {
      const statusFor = async (facts: object) => {
        const { url } = await served((_message, _response, next) =>
          next(Object.assign(new Error('told to nobody'), facts)),
        );
        const response = await fetch(url);
        expect(await response.text()).to.equal(`418 I'm a Teapot\n\nThe request was refused.\n`);
        return response.status;
      };
      expect(await statusFor({ status: 418 })).to.equal(418);
      expect(await statusFor({ statusCode: 418 })).to.equal(418);
    });
    expect(log).to.equal('');
  });

  it('is 500 for an error with another status, and cut short behind a head', async () => {
    const log = await captureLog(async () => {
      for (const status of [399, 500, 404.5, '404']) {
        const { url } = await served((_message, _response, next) =>
          next(Object.assign(new Error('mine'), { status })),
        );
        expect((await fetch(url)).status).to.equal(500);
      }
      const { port } = await served((_message, response, next) => {
        response.write('part', () => next(Object.assign(new Error('too late'), { status: 400 })));
      });
      const peer = await Peer.connect(port);
      await peer.send(request());
      await peer.closed();
      expect(peer.text).to.match(/4\r\npart\r\n$/);
    });
    expect(log.match(/Error: mine/g)).to.have.length(4);
    expect(log).to.include('Error: too late');
  });

  it('is cut short when the handler destroys its response', async () => {
    await captureLog(async () => {
      const { port } = await served((_message, response) => {
        response.write('part', () => response.destroy());
      });
      const peer = await Peer.connect(port);
      await peer.send(request());
      await peer.closed();
      expect(peer.text).to.match(/4\r\npart\r\n$/);
    });
  });

  it('tells the handler when the client goes', async () => {
    const events: string[] = [];
    const { port } = await served((message, response) => {
      message.on('aborted', () => events.push('aborted'));
      message.on('close', () => events.push('request'));
      response.on('close', () => events.push(`response ${response.writableFinished}`));
      response.write('part');
    });
    const peer = await Peer.connect(port);
    await peer.send(request());
    await peer.got('part');
    peer.socket.destroy();
    await until(() => events.length === 3);
    expect(events).to.have.members(['aborted', 'request', 'response false']);
  });

  it('refuses a body over the limit of the server', async () => {
    const app = fromNodeHandler(async (message, response) => {
      for await (const _chunk of message);
      response.end('all');
    });
    const { serverPort } = await serveApp(app, { limitRequestBody: 3 });
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', { method: 'POST', headers: ['Transfer-Encoding: chunked'] }));
    await peer.send('4\r\nfour\r\n0\r\n\r\n');
    expect((await peer.response()).status).to.equal(413);
  });
});
