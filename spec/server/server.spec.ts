/** makeServer: where it listens, and the life of a server. */
import { once } from 'node:events';
import { createServer, type Server as NetServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../lib/errors.js';
import type { Environ } from '../../lib/index.js';
import { resolveOptions } from '../../lib/server/options/options.js';
import { makeServer, Server } from '../../lib/server/server.js';
import { answer } from '../support/answer.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let seen: Environ | undefined;
const app = (environ: Environ, start_response: Parameters<typeof answer>[0]) => {
  seen = environ;
  return answer(start_response);
};

/** All interfaces: of IPv4 alone where there is no other. */
const EVERY = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'))
  ? 'http://[::]:'
  : 'http://0.0.0.0:';

describe('makeServer', () => {
  const taken: NetServer[] = [];

  beforeEach(() => {
    seen = undefined;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
    removeTemporaryFolders();
    for (const server of taken.splice(0)) server.close();
  });

  async function takenPort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    taken.push(server);
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  }

  for (const [host, reach, address] of [
    ['127.0.0.1', '127.0.0.1', 'http://127.0.0.1:'],
    ['localhost', 'localhost', 'http://localhost:'],
    ['', '127.0.0.1', EVERY],
    ['0.0.0.0', '127.0.0.1', 'http://0.0.0.0:'],
    ['::', '::1', 'http://[::]:'],
    ['::1', '::1', 'http://[::1]:'],
  ] as const) {
    it(`listens on ${JSON.stringify(host)} and any free port`, async () => {
      const server = await makeServer(host, 0, app);
      try {
        expect(server.serverPort).to.be.within(1, 65535);
        expect(server.address).to.equal(address + server.serverPort);
        const peer = await Peer.connect(server.serverPort, { host: reach });
        await peer.send(request());
        expect((await peer.response()).status).to.equal(200);
        expect(seen?.SERVER_PORT).to.equal(String(server.serverPort));
      } finally {
        await server.close();
      }
    });
  }

  it('listens on a Unix socket, which has neither peers nor ports', async () => {
    const path = join(temporaryFolder(), 'wsgi.sock');
    const server = await makeServer(`unix:${path}`, 0, app);
    try {
      expect(server.address).to.equal(`unix:${path}`);
      expect(server.serverPort).to.equal(0);
      const peer = await Peer.connect(path);
      await peer.send(request());
      expect((await peer.response()).status).to.equal(200);
      expect(seen).to.include({ SERVER_NAME: 'localhost', SERVER_PORT: '80', REMOTE_ADDR: '' });
      expect(seen).to.not.have.property('REMOTE_PORT');
    } finally {
      await server.close();
    }
  });

  it('gives an ordinary promise of a server that listens', async () => {
    const made = makeServer('127.0.0.1', 0, app);
    expect(made.constructor).to.equal(Promise);
    const server = await made;
    expect(server).to.be.instanceOf(Server).and.not.have.property('then');
    expect(await server).to.equal(server);
    expect(server.serverPort).to.be.above(0);
    await server.close();
  });

  it('serves until it is closed: serveForever() resolves then', async () => {
    const server = await makeServer('127.0.0.1', 0, app);
    let over = false;
    const forever = server.serveForever().then(() => {
      over = true;
    });
    await server.listening;
    const response = await fetch(server.address);
    expect(await response.text()).to.equal('ok');
    expect(over).to.equal(false);
    await server.close();
    await forever;
  });

  it('may be closed before it listens, and more than once', async () => {
    const server = new Server(app, resolveOptions({ port: 0 }));
    await Promise.all([server.close(), server.close(), server.serveForever()]);
    await server.close();
    expect(server.http.listening).to.equal(false);
  });

  it('takes another application for the next request', async () => {
    const server = await serveApp(app);
    expect(server.getApp()).to.equal(app);
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request());
    await peer.response();
    const other: typeof app = (_environ, start_response) => answer(start_response, 'other');
    server.setApp(other);
    expect(server.getApp()).to.equal(other);
    await peer.send(request());
    const responses = await peer.responses(2);
    expect(responses.map(({ body }) => String(body))).to.deep.equal(['ok', 'other']);
  });

  it('refuses what is not a function', async () => {
    for (const wrong of [undefined, null, {}, 'app']) {
      const error = await makeServer('127.0.0.1', 0, wrong as never).catch((reason: unknown) => reason);
      expect(error)
        .to.be.instanceOf(ConfigError)
        .with.property('message')
        .that.matches(/An application is a function/);
    }
    const server = await serveApp(app);
    expect(() => server.setApp({} as never)).to.throw(ConfigError);
    expect(server.getApp()).to.equal(app);
  });

  it('says in one sentence that a port is taken', async () => {
    const port = await takenPort();
    const message = `127.0.0.1:${port} is already in use`;
    const ways = [
      () => makeServer('127.0.0.1', port, app) as Promise<unknown>,
      () => new Server(app, resolveOptions({ port })).serveForever(),
      () => new Server(app, resolveOptions({ port })).listening,
    ];
    for (const way of ways) {
      const error = await way().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ConfigError).with.property('message', message);
    }
  });

  it('says in one sentence that an address is none of this machine', async () => {
    const error = await makeServer('192.0.2.1', 0, app).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ConfigError);
    expect((error as Error).message).to.equal('192.0.2.1:0 is not a local address');
  });

  it('can be closed when it could not listen', async () => {
    const server = new Server(app, resolveOptions({ port: await takenPort() }));
    await server.listening.catch(() => undefined);
    await server.close();
    expect(server.http.listening).to.equal(false);
  });
});
