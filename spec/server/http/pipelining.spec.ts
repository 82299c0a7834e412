/** Requests that come before the last one is answered: in order, one at a time, and no more than memory can hold. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `/${i}`);

describe('pipelined requests', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const PACES: Record<string, (i: number) => Promise<void> | undefined> = {
    synchronous: () => undefined,
    'asynchronous, the first the slowest': (i) => new Promise((resolve) => setTimeout(resolve, 26 - i)),
  };

  for (const [pace, wait] of Object.entries(PACES)) {
    it(`are answered in order, none before the last is closed: ${pace}`, async () => {
      const events: string[] = [];
      const app: Application = (environ, start_response) => {
        const { PATH_INFO } = environ;
        events.push(`+${PATH_INFO}`);
        const finish = () => {
          start_response('200 OK', []);
          const close = async () => {
            await wait(25);
            events.push(`-${PATH_INFO}`);
          };
          const items = [Buffer.from(PATH_INFO), Buffer.from('!')];
          return { [Symbol.iterator]: () => items[Symbol.iterator](), close };
        };
        const waiting = wait(Number(PATH_INFO.slice(1)));
        return waiting === undefined ? finish() : waiting.then(finish);
      };
      const { serverPort } = await serveApp(app);
      const peer = await Peer.connect(serverPort);
      await peer.send(
        numbers(25)
          .map((target) => request(target))
          .join(''),
      );
      const responses = await peer.responses(25);
      expect(responses.map(({ body }) => String(body))).to.deep.equal(numbers(25).map((path) => `${path}!`));
      await until(() => events.length === 50);
      expect(events).to.deep.equal(numbers(25).flatMap((path) => [`+${path}`, `-${path}`]));
    });
  }

  it('each have their own body', async () => {
    const { serverPort } = await serveApp(async (environ, start_response) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return answer(start_response, String(await environ['wsgi.input'].read()));
    });
    const peer = await Peer.connect(serverPort);
    const posts = numbers(25).map((body, i) => {
      const framed = i % 2 === 0 ? body : `${body.length}\r\n${body}\r\n0\r\n\r\n`;
      const header = i % 2 === 0 ? `Content-Length: ${body.length}` : 'Transfer-Encoding: chunked';
      return request('/', { method: 'POST', headers: [header], body: framed });
    });
    await peer.send(posts.join(''));
    const responses = await peer.responses(25);
    expect(responses.map(({ body }) => String(body))).to.deep.equal(numbers(25));
  });

  it('after a HEAD are found', async () => {
    const { serverPort } = await serveApp((_environ, start_response) => answer(start_response, 'body'));
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', { method: 'HEAD' }) + request());
    const [head, get] = await peer.responses(2, ['HEAD', 'GET']);
    expect(String(head?.body)).to.equal('');
    expect(String(get?.body)).to.equal('body');
  });

  it('wait outside while the first is slow, and are all answered', async () => {
    const count = 30_000;
    const start = gate();
    let calls = 0;
    const server = await serveApp(async (_environ, start_response) => {
      calls++;
      await start.promise;
      return answer(start_response, '');
    });
    let parsed = 0;
    server.http.on('request', () => parsed++);
    const peer = await Peer.connect(server.serverPort);
    peer.send(request().repeat(count));
    await until(() => parsed > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // What one read of the socket holds, and no more: 64 KiB.
    expect(parsed).to.be.below(4000);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, parsed - calls);
    }, 1);
    start.open();
    await until(() => calls === count, 'the last request');
    clearInterval(watch);
    expect(most).to.be.below(6000);
    await peer.until(
      () => peer.text.lastIndexOf('HTTP/1.1 200') > 0 && peer.text.split('HTTP/1.1 200').length === count + 1,
      'the last response',
    );
  });

  it('are dropped when the client goes', async () => {
    const start = gate();
    const seen: string[] = [];
    const server = await serveApp(async (environ, start_response) => {
      seen.push(environ.PATH_INFO);
      await start.promise;
      return answer(start_response);
    });
    const peer = await Peer.connect(server.serverPort);
    await peer.send(
      numbers(5)
        .map((target) => request(target))
        .join(''),
    );
    await until(() => seen.length === 1);
    peer.socket.resetAndDestroy();
    await until(async () => (await connectionsOf(server)) === 0, 'the end of the connection');
    start.open();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).to.deep.equal(['/0']);
  });

  for (const [who, headers] of [
    ['the client', ['Connection: close']],
    ['the server', []],
  ] as const) {
    it(`are not answered after the last one that ${who} wanted`, async () => {
      const seen: string[] = [];
      const { serverPort } = await serveApp(
        (environ, start_response) => {
          seen.push(environ.PATH_INFO);
          return answer(start_response);
        },
        { keepAlive: who === 'the server' ? 0 : 5 },
      );
      const peer = await Peer.connect(serverPort);
      await peer.send(request('/0', { headers: [...headers] }) + request('/1') + request('/2'));
      const [first] = await peer.responses(1);
      expect(first?.headers['connection']).to.equal('close');
      await peer.send(request('/3')).catch(() => undefined);
      await peer.closed();
      expect(seen).to.deep.equal(['/0']);
    });
  }
});

describe('what is no request', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const slow: Application = async (_environ, start_response) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return answer(start_response, 'good');
  };

  it('after good requests is answered in its turn, with 400, and the connection ends', async () => {
    const { serverPort } = await serveApp(slow);
    const peer = await Peer.connect(serverPort);
    await peer.send(`${request()}${request()}no request\r\n\r\n${request()}`);
    await peer.closed();
    const responses = await peer.responses(3);
    expect(responses.map(({ status }) => status)).to.deep.equal([200, 200, 400]);
    expect(responses[2]?.headers['connection']).to.equal('close');
    expect(peer.error).to.equal(undefined);
  });

  it('in the body of a waiting request is an error for that one', async () => {
    const { serverPort } = await serveApp(async (environ, start_response) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return answer(start_response, String(await environ['wsgi.input'].read()));
    });
    const peer = await Peer.connect(serverPort);
    const bad = { method: 'POST', headers: ['Transfer-Encoding: chunked'], body: '3\r\nabc\r\nno chunk\r\n' };
    await peer.send(request() + request('/', bad));
    await peer.closed();
    const responses = await peer.responses(2);
    expect(responses.map(({ status }) => status)).to.deep.equal([200, 400]);
  });

  for (const [what, first, status] of [
    ['it', 'no request\r\n\r\n', 400],
    ['a request that is refused', request('/').replace('Host', 'Guest'), 400],
    ['one that the application fails at', request('/fail'), 500],
  ] as const) {
    it(`may follow ${what} in any amount: the client still reads the answer, and none is parsed`, async () => {
      await captureLog(async () => {
        const server = await serveApp((environ, start_response) => {
          if (environ.PATH_INFO === '/fail') throw new Error('mine');
          return slow(environ, start_response);
        });
        let parsed = 0;
        server.http.on('request', () => parsed++);
        const peer = await Peer.connect(server.serverPort, { paused: true });
        await peer.send(first);
        for (let i = 0; i < 20; i++) {
          const more = peer.send(request().repeat(4000));
          await Promise.race([more, new Promise((resolve) => setTimeout(resolve, 20))]);
        }
        peer.socket.resume();
        expect((await peer.response()).status).to.equal(status);
        await peer.closed();
        expect(peer.error).to.equal(undefined);
        // What came together with the first of it may have been.
        expect(parsed).to.be.below(5000);
      });
    });
  }
});
