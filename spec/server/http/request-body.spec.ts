/** The body of a request, as it stands in Node's message: in as many pieces as it came in. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { toNodeHandler } from '../../../lib/server/adapters/node/node-handler.js';
import { RequestBody } from '../../../lib/server/http/request-body.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, host, serveApp } from '../../support/serve.js';

const PIECES = ['abc', 'def', 'ghi'];

/** A message that has all of its body, or waits for more. */
function bodyOf(pieces: readonly string[], complete: boolean, limit = Number.POSITIVE_INFINITY): RequestBody {
  const message = new IncomingMessage(new Socket());
  for (const piece of pieces) message.push(Buffer.from(piece));
  if (complete) {
    message.complete = true;
    message.push(null);
  }
  return new RequestBody(message, new ServerResponse(message), undefined, limit, false);
}

describe('RequestBody', () => {
  it('#takeWhole gives all that came, in however many pieces', () => {
    expect(String(bodyOf(PIECES, true).takeWhole(100))).to.equal('abcdefghi');
    expect(String(bodyOf(['abc'], true).takeWhole(100))).to.equal('abc');
    expect(String(bodyOf([], true).takeWhole(100))).to.equal('');
  });

  it('#takeWhole leaves alone what is not all there, or too long', async () => {
    const parts = bodyOf(PIECES, false);
    expect(parts.takeWhole(100)).to.equal(undefined);
    expect(bodyOf(PIECES, true).takeWhole(8)).to.equal(undefined);
    expect(bodyOf(PIECES, true, 8).takeWhole(100)).to.equal(undefined);
  });

  it('#pull gives all that came, piece by piece or not, and then its end', async () => {
    const body = bodyOf(PIECES, true);
    let text = '';
    for (let chunk = await body.pull(); chunk !== null; chunk = await body.pull()) text += chunk;
    expect(text).to.equal('abcdefghi');
  });

  it('#pull gives no more than is asked for, where that is much', async () => {
    const size = 200_000;
    for (const wanted of [size / 2, size / 2 + 1, size + 1, 3 * size]) {
      const pieces = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(size / 2));
      const body = bodyOf(pieces, true);
      let text = '';
      const sizes: number[] = [];
      for (let chunk = await body.pull(wanted); chunk !== null; chunk = await body.pull(wanted)) {
        text += chunk;
        sizes.push(chunk.length);
      }
      expect(text === pieces.join(''), String(wanted)).to.equal(true);
      expect(Math.max(...sizes), String(wanted)).to.equal(Math.min(wanted, text.length));
      expect(sizes.length, String(wanted)).to.equal(Math.ceil(text.length / wanted));
    }
  });
});

describe('a request body that somebody else reads as well', () => {
  afterEach(closeServers);

  const SIZE = 300_000;

  const answer = async (environ: Environ, start_response: Parameters<Application>[1]) => {
    const body = String((await environ['wsgi.input'].read()).length);
    start_response('200 OK', [['Content-Length', String(body.length)]]);
    return [Buffer.from(body)];
  };

  async function post(url: string): Promise<string> {
    const response = await fetch(url, { method: 'POST', body: 'b'.repeat(SIZE) });
    return `${response.status} ${await response.text()}`;
  }

  it('is given to both when they read from the start', async () => {
    const { http, serverPort } = await serveApp(answer);
    const heard: Buffer[] = [];
    http.prependListener('request', (message) => message.on('data', (chunk: Buffer) => heard.push(chunk)));
    expect(await post(`http://127.0.0.1:${serverPort}/`)).to.equal(`200 ${SIZE}`);
    expect(Buffer.concat(heard).equals(Buffer.alloc(SIZE, 'b'))).to.equal(true);
  });

  it('is at its end where the other found no byte in it', async () => {
    const handler = toNodeHandler(answer);
    const { port } = await host((message, response) => {
      message.on('data', () => {}).on('end', () => setImmediate(handler, message, response));
    });
    const later: Application = async (environ, start_response) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return answer(environ, start_response);
    };
    const { http, serverPort } = await serveApp(later);
    http.on('request', (message) => message.on('data', () => {}));
    for (const each of [port, serverPort]) {
      const peer = await Peer.connect(each);
      await peer.send(
        request('/', { method: 'POST', headers: ['Transfer-Encoding: chunked'], body: '0\r\n\r\n' }),
      );
      const { status, body } = await peer.response();
      expect(`${status} ${body}`).to.equal('200 0');
    }
    closePeers();
  });

  it('is an error where it was read before the application asked for it', async () => {
    const late: Application = async (environ, start_response) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return answer(environ, start_response);
    };
    const { http, serverPort } = await serveApp(late);
    http.on('request', (message) => message.on('data', () => {}));
    const handler = toNodeHandler(late);
    const { url } = await host((message, response) => {
      handler(message, response);
      message.resume();
    });
    for (const address of [`http://127.0.0.1:${serverPort}/`, url]) {
      let status = '';
      const log = await captureLog(async () => {
        status = await post(address);
      });
      expect(status, address).to.match(/^500 /);
      expect(log, address).to.include('got the body before the application read it');
    }
  });
});
