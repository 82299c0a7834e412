/** Requests with an Upgrade that do not become a WebSocket: the connection goes on as an ordinary one. */
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';
import { HANDSHAKE } from '../../support/web-socket-client.js';

const handshake = (target = '/', without = '', ...more: string[]) =>
  request(target, {
    headers: [...HANDSHAKE.filter((line) => without === '' || !line.startsWith(without)), ...more],
  });

const forbid: Application = (environ, start_response) =>
  answer(start_response, `no ${environ.PATH_INFO}`, '403 Forbidden');
const isSocket: Application = (environ, start_response) =>
  answer(start_response, String(environ['wsgi.websocket'] !== undefined));

describe('a WebSocket handshake that is refused', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('by the application gets its response, and the connection serves further requests', async () => {
    const { serverPort } = await serveApp(forbid);
    const peer = await Peer.connect(serverPort);
    await peer.send(handshake('/1'));
    await peer.response();
    await peer.send(request('/2'));
    const [first, second] = await peer.responses(2);
    expect([first?.status, String(first?.body)]).to.deep.equal([403, 'no /1']);
    expect(first?.headers['connection']).to.equal('keep-alive');
    expect(String(second?.body)).to.equal('no /2');
  });

  it('may be followed at once by further requests, however slow the application is', async () => {
    const { serverPort } = await serveApp(async (environ, start_response) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return forbid(environ, start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(handshake('/1') + request('/2') + handshake('/3') + request('/4'));
    const responses = await peer.responses(4);
    expect(responses.map(({ body }) => String(body))).to.deep.equal(['no /1', 'no /2', 'no /3', 'no /4']);
  });

  it('closes the connection when the client wanted that', async () => {
    const { serverPort } = await serveApp(forbid);
    const peer = await Peer.connect(serverPort);
    await peer.send(handshake('/', 'Connection', 'Connection: Upgrade, close'));
    expect((await peer.response()).headers['connection']).to.equal('close');
    await peer.closed();
  });

  it('leaves nothing on the connection, a hundred times over', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const server = await serveApp(forbid);
    const peer = await Peer.connect(server.serverPort);
    for (let i = 1; i <= 100; i++) {
      await peer.send(
        i % 2 === 0 ? handshake() : request('/', { headers: ['Upgrade: h2c', 'Connection: Upgrade'] }),
      );
      await peer.responses(i);
    }
    process.removeListener('warning', onWarning);
    expect(warnings).to.deep.equal([]);
    peer.socket.end();
    await until(async () => (await connectionsOf(server)) === 0);
  });

  const FAULTS: [string, string, number, RegExp][] = [
    ['without a version', handshake('/', 'Sec-WebSocket-Version'), 426, /\r\nUpgrade: websocket\r\n/],
    [
      'of an unknown version',
      handshake('/', 'Sec-WebSocket-Version', 'Sec-WebSocket-Version: 99'),
      400,
      /\r\nSec-WebSocket-Version: 13, 8, 7\r\n/,
    ],
    ['without a key', handshake('/', 'Sec-WebSocket-Key'), 400, /Sec-WebSocket-Key/],
    [
      'with a key that is none',
      handshake('/', 'Sec-WebSocket-Key', 'Sec-WebSocket-Key: x'),
      400,
      /malformed/,
    ],
    ['from an origin that is not allowed', handshake('/', '', 'Origin: http://evil'), 403, /origin/],
  ];
  for (const [what, text, status, pattern] of FAULTS) {
    it(`${what} gets ${status}, the application is not called, and the connection goes on`, async () => {
      let calls = 0;
      const app: Application = (_environ, start_response) => {
        calls++;
        return answer(start_response);
      };
      const { serverPort } = await serveApp(app, { allowedOrigins: ['http://good'] });
      const peer = await Peer.connect(serverPort);
      await peer.send(text);
      expect((await peer.response()).status).to.equal(status);
      expect(peer.text).to.match(pattern);
      expect(calls).to.equal(0);
      await peer.send(request());
      expect((await peer.responses(2))[1]?.status).to.equal(200);
    });
  }

  it('for limits of its head gets what any request gets', async () => {
    const { serverPort } = await serveApp(forbid, { limitRequestFields: 4 });
    const peer = await Peer.connect(serverPort);
    await peer.send(handshake());
    expect((await peer.response()).status).to.equal(431);
    await peer.closed();
  });
});

describe('a request with an Upgrade that is none of WebSocket', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const ORDINARY: [string, string, string][] = [
    [
      'h2c',
      request('/', {
        headers: ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMA'],
      }),
      '',
    ],
    [
      'a POST with a body',
      request('/', { method: 'POST', headers: [...HANDSHAKE, 'Content-Length: 4'], body: 'body' }),
      'body',
    ],
    [
      'a POST with chunks',
      request('/', {
        method: 'POST',
        headers: [...HANDSHAKE, 'Transfer-Encoding: chunked'],
        body: '4\r\nbody\r\n0\r\n\r\n',
      }),
      'body',
    ],
    [
      'a GET with a body',
      request('/', { headers: [...HANDSHAKE, 'Content-Length: 4'], body: 'body' }),
      'body',
    ],
    [
      'HTTP/1.0',
      handshake().replace('HTTP/1.1', 'HTTP/1.0').replace('Upgrade\r', 'Upgrade, keep-alive\r'),
      '',
    ],
  ];

  for (const [what, text, body] of ORDINARY) {
    it(`is an ordinary request: ${what}`, async () => {
      let seen: Environ | undefined;
      const { serverPort } = await serveApp(async (environ, start_response) => {
        seen ??= environ;
        return answer(start_response, String(await environ['wsgi.input'].read()));
      });
      const peer = await Peer.connect(serverPort);
      await peer.send(text);
      const response = await peer.response();
      expect([response.status, String(response.body)]).to.deep.equal([200, body]);
      expect(seen?.['HTTP_UPGRADE']).to.equal(what === 'h2c' ? 'h2c' : 'websocket');
      expect(seen?.['HTTP_CONNECTION']).to.match(/Upgrade/);
      expect(seen).to.not.have.property('wsgi.websocket');
      await peer.send(request());
      expect((await peer.responses(2))[1]?.status).to.equal(200);
    });
  }

  it('takes nothing from the next requests, which came in the same packet', async () => {
    const { serverPort } = await serveApp((environ, start_response) =>
      answer(start_response, environ.PATH_INFO),
    );
    const peer = await Peer.connect(serverPort);
    const h2c = { headers: ['Upgrade: h2c', 'Connection: Upgrade'] };
    await peer.send(`${request('/1', h2c)}${request('/2', h2c)}${request('/3')}`);
    expect((await peer.responses(3)).map(({ body }) => String(body))).to.deep.equal(['/1', '/2', '/3']);
  });

  it('may have a body that comes later', async () => {
    const { serverPort } = await serveApp(async (environ, start_response) =>
      answer(start_response, String(await environ['wsgi.input'].read())),
    );
    const peer = await Peer.connect(serverPort);
    const head = request('/', { method: 'POST', headers: [...HANDSHAKE, 'Content-Length: 8'] });
    await peer.sendApart([head, 'some', 'more']);
    expect(String((await peer.response()).body)).to.equal('somemore');
  });

  // Newer Nodes lose what shares the last packet of such a body.
  it('with a body is answered, and so are the next requests or the connection ends', async () => {
    const { serverPort } = await serveApp(async (environ, start_response) => {
      if (environ.PATH_INFO === '/late') await new Promise((resolve) => setTimeout(resolve, 20));
      return answer(start_response, environ.PATH_INFO);
    });
    const headers = ['Upgrade: h2c', 'Connection: Upgrade', 'Content-Length: 4'];
    for (const path of ['/now', '/late']) {
      const peer = await Peer.connect(serverPort);
      const head = request(path, { method: 'POST', headers });
      await peer.sendApart([`${head}ab`, `cd\r\n${request('/2')}${request('/3').slice(0, 20)}`]);
      const [first, second] = await peer.responses(2);
      expect([first?.status, String(first?.body)]).to.deep.equal([200, path]);
      expect([200, 503]).to.include(second?.status);
      if (second?.status === 503) expect(peer.text).to.match(/Connection: close/);
    }
  });

  it('with a body may have a line break after it, and the connection goes on', async () => {
    const { serverPort } = await serveApp((_environ, start_response) => answer(start_response));
    const peer = await Peer.connect(serverPort);
    const headers = ['Upgrade: h2c', 'Connection: Upgrade', 'Content-Length: 4'];
    await peer.send(`${request('/', { method: 'POST', headers })}body\r\n`);
    await peer.response();
    await peer.send(request());
    expect((await peer.responses(2))[1]?.status).to.equal(200);
  });
});

describe('an upgrade after requests that are not answered yet', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('waits for its turn', async () => {
    const start = gate();
    const seen: string[] = [];
    const { serverPort } = await serveApp(async (environ, start_response) => {
      seen.push(environ.PATH_INFO);
      if (environ.PATH_INFO === '/slow') await start.promise;
      return isSocket(environ, start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/slow') + handshake('/socket') + request('/after'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).to.deep.equal(['/slow']);
    start.open();
    const responses = await peer.responses(3);
    expect(responses.map(({ body }) => String(body))).to.deep.equal(['false', 'true', 'false']);
    expect(seen).to.deep.equal(['/slow', '/socket', '/after']);
  });

  it('waits for many of them', async () => {
    const { serverPort } = await serveApp(async (environ, start_response) => {
      await new Promise((resolve) => setImmediate(resolve));
      return isSocket(environ, start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request().repeat(40) + handshake() + request().repeat(40));
    const responses = await peer.responses(81);
    expect(responses.findIndex(({ body }) => String(body) === 'true')).to.equal(40);
  });

  it('does not keep a large response from going out', async () => {
    const size = 8_000_000;
    const { serverPort } = await serveApp((environ, start_response) => {
      if (environ['wsgi.websocket'] !== undefined) return forbid(environ, start_response);
      start_response('200 OK', [['Content-Length', String(size)]]);
      return Array.from({ length: size / 100_000 }, () => Buffer.alloc(100_000));
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request() + handshake());
    const [first, second] = await peer.responses(2);
    expect(first?.body).to.have.length(size);
    expect(second?.status).to.equal(403);
  });

  it('is dropped when the client goes', async () => {
    const begun = gate();
    const aborted = gate();
    const seen: string[] = [];
    const log = await captureLog(async () => {
      const { serverPort } = await serveApp(async (environ, start_response) => {
        seen.push(environ.PATH_INFO);
        const left = new Promise((resolve) =>
          environ['node.abort_signal'].addEventListener('abort', resolve),
        );
        begun.open();
        await left;
        aborted.open();
        return answer(start_response);
      });
      const peer = await Peer.connect(serverPort);
      await peer.send(request('/slow') + handshake('/socket'));
      await begun.promise;
      peer.socket.resetAndDestroy();
      await aborted.promise;
      await closeServers();
    });
    expect(log).to.equal('');
    expect(seen).to.deep.equal(['/slow']);
  });
});
