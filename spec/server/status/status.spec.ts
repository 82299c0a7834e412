/** `--status-path` on a server: who gets it, and what it counts. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { ConfigError } from '../../../lib/errors.js';
import { resolveOptions, type ServerOptions } from '../../../lib/server/options/options.js';
import { makeServer, type Server } from '../../../lib/server/server.js';
import type { ServerStatus } from '../../../lib/server/status/server-status.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { gate, until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';

const PATH = '/-/status';

describe('the status of a server', () => {
  /** Paths that reached the application. */
  let reached: string[] = [];
  let held = gate();
  let server: Server;

  const app: Application = async (environ, start_response) => {
    reached.push(environ.PATH_INFO);
    const status = /^\/(\d{3})$/.exec(environ.PATH_INFO)?.[1];
    if (status !== undefined) return answer(start_response, '', `${status} Fine`);
    if (environ.PATH_INFO === '/held') await held.promise;
    const wsock = environ['wsgi.websocket'];
    if (wsock !== undefined && environ.PATH_INFO === '/chat') {
      while ((await wsock.receive()) !== null);
      return [];
    }
    return answer(start_response);
  };

  beforeEach(() => {
    reached = [];
    held = gate();
  });
  afterEach(async () => {
    held.open();
    closeClients();
    closePeers();
    await closeServers();
    removeTemporaryFolders();
  });

  async function serve(options: ServerOptions = {}): Promise<Server> {
    server = await serveApp(app, { statusPath: PATH, ...options });
    return server;
  }

  const url = (path = PATH) => `http://127.0.0.1:${server.serverPort}${path}`;

  async function read(): Promise<ServerStatus> {
    const response = await fetch(url());
    expect(response.status).to.equal(200);
    return (await response.json()) as ServerStatus;
  }

  async function ask(path: string, method = 'GET'): Promise<void> {
    await (await fetch(url(path), { method })).arrayBuffer();
  }

  /** A response is counted when the kernel has it, which may be after its client has it. */
  async function readUntil(test: (status: ServerStatus) => boolean): Promise<ServerStatus> {
    let status = await read();
    await until(async () => {
      status = await read();
      return test(status);
    }, 'that status');
    return status;
  }

  describe('is answered', () => {
    it('with JSON that no cache keeps, and the application does not see it', async () => {
      await serve();
      const response = await fetch(url());
      expect(response.status).to.equal(200);
      expect(response.headers.get('content-type')).to.equal('application/json');
      expect(response.headers.get('cache-control')).to.equal('no-store');
      expect(response.headers.get('server')).to.equal('wsgi');
      expect(await response.json()).to.include.keys('uptime', 'workers', 'requests', 'latency', 'memory');
      expect(reached).to.deep.equal([]);
    });

    it('to Prometheus with its text', async () => {
      await serve();
      const response = await fetch(url(), { headers: { Accept: 'text/plain;version=0.0.4' } });
      expect(response.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
      expect(await response.text()).to.include('\nwsgi_workers 1\n');
      const other = await fetch(url(`${PATH}?format=openmetrics`));
      expect(other.headers.get('content-type')).to.equal(
        'application/openmetrics-text; version=1.0.0; charset=utf-8',
      );
      expect(await other.text()).to.match(/\n# EOF\n$/);
    });

    it('to HEAD without the body', async () => {
      await serve();
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request(PATH, { method: 'HEAD' }) + request(PATH));
      const [head, get] = await peer.responses(2, ['HEAD', 'GET']);
      expect(head?.status).to.equal(200);
      expect(head?.body.length).to.equal(0);
      expect(get?.body.length).to.be.above(100);
    });

    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      it(`to ${method} with 405, and the connection goes on`, async () => {
        await serve();
        const peer = await Peer.connect(server.serverPort);
        const body = { method, headers: ['Content-Length: 3'], body: 'abc' };
        await peer.send(request(PATH, body) + request('/'));
        const [refused, next] = await peer.responses(2);
        expect(refused?.status).to.equal(405);
        expect(refused?.headers['allow']).to.equal('GET, HEAD');
        expect(next?.status).to.equal(200);
        expect(reached).to.deep.equal(['/']);
      });
    }

    it('in its turn among pipelined requests', async () => {
      await serve();
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request('/a') + request(PATH) + request('/b'));
      const bodies = (await peer.responses(3)).map(({ body }) => body.toString());
      expect([bodies[0], bodies[2]]).to.deep.equal(['ok', 'ok']);
      expect((JSON.parse(bodies[1] as string) as ServerStatus).requests.byMethod.GET).to.equal(1);
    });

    it('to an absolute target, and with a query, and to a WebSocket handshake', async () => {
      await serve();
      const targets = [`http://a${PATH}`, `${PATH}?`, `${PATH}?a=b`, `http://a${PATH}?format=json`];
      const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      for (const target of targets) {
        const peer = await Peer.connect(server.serverPort);
        await peer.send(request(target));
        expect((await peer.response()).body.toString(), target).to.include('"uptime"');
      }
      const peer = await Peer.connect(server.serverPort);
      await peer.send(
        request(PATH, { headers: [...upgrade, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='] }),
      );
      expect((await peer.response()).body.toString()).to.include('"uptime"');
      expect(reached).to.deep.equal([]);
    });

    it('at the path alone: all others are the application', async () => {
      await serve();
      const others = [
        '/-/statu',
        `${PATH}/`,
        `${PATH}x`,
        '/-/%73tatus',
        '//-/status',
        '/a/../-/status',
        '/-/Status',
      ];
      for (const target of others) {
        const peer = await Peer.connect(server.serverPort);
        await peer.send(request(target));
        expect((await peer.response()).body.toString(), target).to.equal('ok');
      }
      expect(reached).to.have.length(others.length);
    });

    it('where the application is mounted elsewhere', async () => {
      await serve({ scriptName: '/site' });
      await read();
      expect((await fetch(url('/site/a'))).status).to.equal(200);
      expect(reached).to.deep.equal(['/a']);
    });

    it('over TLS, and on a Unix socket', async function () {
      if (process.platform === 'win32') this.skip();
      await serve(TLS);
      const peer = await Peer.connect(server.serverPort, { tls: true });
      await peer.send(request(PATH));
      const { connections, bytes } = JSON.parse((await peer.response()).body.toString()) as ServerStatus;
      expect(connections).to.deep.equal({ open: 1, total: 1 });
      // What TLS adds is more than the request.
      expect(bytes.received).to.be.above(200);
      expect(bytes.sent).to.be.above(500);
      const socketPath = join(temporaryFolder({}), 'wsgi.sock');
      const unix = await makeServer(`unix:${socketPath}`, 0, app, { statusPath: PATH });
      const sent = httpRequest({ socketPath, path: PATH }).end();
      const [response] = await once(sent, 'response');
      expect(response.statusCode).to.equal(200);
      response.resume();
      await unix.close();
    });

    it('and is not in the access log', async () => {
      const accessLogfile = join(temporaryFolder({ log: '' }), 'log');
      await serve({ accessLogfile });
      await read();
      await ask('/a');
      await closeServers();
      expect(readFileSync(accessLogfile, 'utf8').match(/"GET \S+/g)).to.deep.equal(['"GET /a']);
    });

    it('by nobody where there is no path: it is the application then', async () => {
      server = await serveApp(app);
      expect(await (await fetch(url())).text()).to.equal('ok');
      expect(reached).to.deep.equal([PATH]);
    });
  });

  describe('counts', () => {
    it('requests by method, and responses by class', async () => {
      await serve();
      for (const path of ['/', '/204', '/301', '/404', '/410', '/503', '/599']) await ask(path);
      for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])
        await ask('/', method);
      const status = await readUntil(({ latency }) => latency.count === 14);
      expect(status.requests).to.deep.equal({
        inFlight: 0,
        byMethod: { GET: 7, HEAD: 1, POST: 1, PUT: 1, PATCH: 1, DELETE: 1, OPTIONS: 1, other: 1 },
        unanswered: 0,
        refused: 0,
      });
      expect(status.responses).to.deep.equal({ '1xx': 0, '2xx': 9, '3xx': 1, '4xx': 2, '5xx': 2 });
      const counts = Object.values(status.latency.buckets);
      expect(counts).to.deep.equal([...counts].sort((a, b) => a - b));
      expect(status.latency.buckets['+Inf']).to.equal(14);
      expect(status.latency.sum)
        .to.be.above(0)
        .and.below(14 * 60);
    });

    it('not itself', async () => {
      await serve();
      for (let i = 0; i < 3; i++) await read();
      await ask(PATH, 'POST');
      const { requests, responses, latency } = await read();
      expect(requests.inFlight).to.equal(0);
      expect(Object.values(requests.byMethod)).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
      expect(Object.values(responses)).to.deep.equal([0, 0, 0, 0, 0]);
      expect(latency.count).to.equal(0);
    });

    it('what runs, how long it took, and whose client has left', async () => {
      await serve();
      const socket = connect(server.serverPort, '127.0.0.1');
      socket.write(request('/held'));
      await until(() => reached.length === 1, 'the request');
      const running = await read();
      expect(running.requests.inFlight).to.equal(1);
      expect(running.latency.count).to.equal(0);
      socket.resetAndDestroy();
      const left = await readUntil(({ requests }) => requests.unanswered === 1);
      expect(left.responses['2xx']).to.equal(0);
      held.open();
      const after = await readUntil(({ requests }) => requests.inFlight === 0);
      expect(after.requests.byMethod.GET).to.equal(1);
      expect(after.latency.count).to.equal(1);
    });

    it('what was not a request', async () => {
      await serve();
      const peer = await Peer.connect(server.serverPort);
      await peer.send('nonsense\r\n\r\n');
      expect((await peer.response()).status).to.equal(400);
      const { requests, responses } = await read();
      expect(requests.refused).to.equal(1);
      expect(responses['4xx']).to.equal(0);
    });

    it('WebSockets as they open, and no time for them', async () => {
      await serve();
      const [first, second] = await Promise.all([
        WebSocketClient.connect(server.serverPort),
        WebSocketClient.connect(server.serverPort),
      ]);
      let status = await readUntil(({ webSockets }) => webSockets.open === 2);
      expect(status.requests.inFlight).to.equal(0);
      expect(status.responses['1xx']).to.equal(2);
      expect(status.requests.byMethod.GET).to.equal(2);
      first.client.close();
      await first.closed;
      status = await readUntil(({ webSockets }) => webSockets.open === 1);
      second.client.terminate();
      status = await readUntil(({ webSockets }) => webSockets.open === 0);
      expect(status.webSockets.total).to.equal(2);
      expect(status.requests.byMethod.GET).to.equal(2);
      expect(status.latency.count).to.equal(0);
    });

    it('connections and their bytes, of those that are closed too', async () => {
      await serve();
      const body = 'b'.repeat(50_000);
      const sent = request('/', { method: 'POST', headers: [`Content-Length: ${body.length}`], body });
      const peer = await Peer.connect(server.serverPort);
      await peer.send(sent + request('/'));
      await peer.responses(2, ['POST', 'GET']);
      const received = sent.length + request('/').length;
      const open = await read();
      expect(open.connections.open).to.be.within(1, 3);
      expect(open.bytes.received).to.be.at.least(received);
      expect(open.bytes.sent).to.be.at.least(peer.raw.length);
      peer.destroy();
      const closed = await readUntil(({ connections }) => connections.open < open.connections.open + 1);
      expect(closed.bytes.received).to.be.at.least(open.bytes.received);
      expect(closed.connections.total).to.be.at.least(2);
    });

    it('a connection once that was handed back to the server after a handshake that was refused', async () => {
      await serve();
      const peer = await Peer.connect(server.serverPort);
      const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      await peer.send(
        request('/404', { headers: [...headers, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='] }),
      );
      expect((await peer.response()).status).to.equal(404);
      await peer.send(request(PATH));
      const [, response] = await peer.responses(2);
      const { connections } = JSON.parse(String(response?.body)) as ServerStatus;
      expect(connections).to.deep.equal({ open: 1, total: 1 });
    });

    it('time and memory of the process', async () => {
      const before = Date.now() / 1000;
      await serve();
      const status = await readUntil(({ uptime }) => uptime > 0.05);
      expect(status.startTime).to.be.within(before - 0.001, Date.now() / 1000);
      expect(status.workers).to.deep.equal({ running: 1, restarts: 0 });
      expect(status.threads).to.deep.equal({ busy: 0, free: 0, starting: 0, restarts: 0 });
      expect(status.queue).to.equal(0);
      expect(status.memory.rss).to.be.above(status.memory.heapUsed);
      expect(status.cpu.user).to.be.above(0);
      expect(status.eventLoop.active + status.eventLoop.idle).to.be.above(0);
    });

    it('how long the event loop was blocked', async () => {
      await serve();
      await read();
      const end = performance.now() + 300;
      while (performance.now() < end);
      expect((await read()).eventLoop.lag).to.be.above(0.2);
    });
  });

  describe('is for', () => {
    async function statusFrom(headers: Record<string, string>, options: ServerOptions = {}): Promise<number> {
      await serve(options);
      return (await fetch(url(), { headers })).status;
    }
    const client = { 'X-Forwarded-For': '203.0.113.7' };
    const local = { 'X-Forwarded-For': '127.0.0.1' };
    const trusted = { forwardedAllowIps: ['127.0.0.1'] };

    it('this machine, unless more is said', async () => {
      expect(await statusFrom({})).to.equal(200);
    });

    it('no others, if others are named', async () => {
      expect(await statusFrom({}, { statusAllowIps: ['10.0.0.0/8'] })).to.equal(403);
      expect(reached).to.deep.equal([]);
    });

    it('nobody whom a proxy brings that is not trusted, whatever the proxy says', async () => {
      for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP']) {
        expect(await statusFrom({ [name]: '127.0.0.1' }), name).to.equal(403);
      }
    });

    it('the client that a trusted proxy names, if that is allowed', async () => {
      expect(await statusFrom(client, trusted)).to.equal(403);
      expect(await statusFrom(local, trusted)).to.equal(200);
      expect(await statusFrom(client, { ...trusted, statusAllowIps: ['203.0.113.0/24'] })).to.equal(200);
      expect(await statusFrom(local, { ...trusted, statusAllowIps: ['203.0.113.0/24'] })).to.equal(403);
    });

    it('everybody, where that is said', async () => {
      expect(await statusFrom(client, { statusAllowIps: ['*'] })).to.equal(200);
    });

    it('who may open a Unix socket, but not clients of a proxy', async function () {
      if (process.platform === 'win32') this.skip();
      const socketPath = join(temporaryFolder({}), 'wsgi.sock');
      for (const [headers, options, status] of [
        [{}, {}, 200],
        [local, {}, 403],
        [client, trusted, 403],
        [local, trusted, 200],
      ] as const) {
        const unix = await makeServer(`unix:${socketPath}`, 0, app, { statusPath: PATH, ...options });
        const sent = httpRequest({ socketPath, path: PATH, headers }).end();
        const [response] = await once(sent, 'response');
        response.resume();
        expect(response.statusCode).to.equal(status);
        await unix.close();
      }
      expect(existsSync(socketPath)).to.equal(false);
    });
  });

  describe('has a path', () => {
    for (const statusPath of ['/-/status', '/status', '/a/b', '/a%20b', '/$a,b;c=d@e:f']) {
      it(`such as ${statusPath}`, () => {
        expect(resolveOptions({ statusPath }).statusPath).to.equal(statusPath);
      });
    }
    for (const statusPath of [
      '',
      '/',
      'status',
      '/a?b',
      '/a#b',
      '/a b',
      '/caf\u00e9',
      '/a%2',
      'http://a/b',
    ]) {
      it(`but not ${JSON.stringify(statusPath)}`, () => {
        expect(() => resolveOptions({ statusPath })).to.throw(
          ConfigError,
          'Option statusPath must be a path such as /-/status, not ',
        );
      });
    }
  });
});
