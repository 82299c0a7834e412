/** Unix sockets: what a killed server leaves behind is replaced, and nothing else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../lib/errors.js';
import { removeStaleSocket } from '../../lib/server/http/listen.js';
import { SOCKET_PATH_BYTES } from '../../lib/server/options/bind-address.js';
import { resolveOptions } from '../../lib/server/options/options.js';
import { makeServer, type Server } from '../../lib/server/server.js';
import { answer } from '../support/answer.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

describe('a Unix socket', () => {
  before(function () {
    if (process.platform === 'win32') this.skip();
  });

  const servers: Server[] = [];

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    removeTemporaryFolders();
  });

  async function listen(path: string): Promise<Server> {
    const server = await makeServer(`unix:${path}`, 0, (_environ, start_response) => answer(start_response));
    servers.push(server);
    return server;
  }

  function get(path: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: path }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      sent.once('error', reject).end();
    });
  }

  /** As a server that was killed. */
  async function leaveStale(path: string): Promise<void> {
    const code = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', code, path]), 'exit');
    expect(lstatSync(path).isSocket()).to.equal(true);
  }

  const refusal = (path: string) =>
    listen(path).then(
      () => undefined,
      (error: Error) => error,
    );

  it('that a killed server left is replaced', async () => {
    const path = join(temporaryFolder(), 'a.sock');
    await leaveStale(path);
    await listen(path);
    expect(await get(path)).to.equal(200);
  });

  it('that another server listens on is left to it', async () => {
    const path = join(temporaryFolder(), 'a.sock');
    await listen(path);
    const error = await refusal(path);
    expect(error).to.be.instanceOf(ConfigError).with.property('message', `${path} is already in use`);
    expect(await get(path)).to.equal(200);
  });

  it('whose server does not come to accept is in use', async () => {
    const path = join(temporaryFolder(), 'a.sock');
    const busy = createServer();
    busy.listen({ path, backlog: 1 });
    await once(busy, 'listening');
    const clients = [connect(path), connect(path), connect(path)];
    for (const client of clients) client.on('error', () => {});
    try {
      expect(await removeStaleSocket(path)).to.equal('in use');
      expect(lstatSync(path).isSocket()).to.equal(true);
    } finally {
      for (const client of clients) client.destroy();
      busy.close();
    }
  });

  it('is not made where a file, a folder or a link is, which stay', async () => {
    const folder = temporaryFolder({ file: 'kept' });
    mkdirSync(join(folder, 'folder'));
    await leaveStale(join(folder, 'stale.sock'));
    symlinkSync('stale.sock', join(folder, 'link'));
    for (const name of ['file', 'folder', 'link']) {
      const path = join(folder, name);
      const before = lstatSync(path).ino;
      const error = await refusal(path);
      expect(error)
        .to.be.instanceOf(ConfigError)
        .with.property(
          'message',
          `${path} exists and is not a socket, so it is not replaced: choose another path`,
        );
      expect(lstatSync(path).ino).to.equal(before);
    }
    expect(readFileSync(join(folder, 'file'), 'utf8')).to.equal('kept');
    expect(await removeStaleSocket(join(folder, 'none'))).to.equal('free');
  });

  it('is not made in a folder that is missing, which is said', async () => {
    const folder = temporaryFolder({ file: '' });
    for (const name of ['none', 'file']) {
      const path = join(folder, name, 'x.sock');
      expect(await refusal(path))
        .to.be.instanceOf(ConfigError)
        .with.property(
          'message',
          `${path} cannot be made: there is no folder ${join(folder, name)}. Create it first`,
        );
    }
  });

  it('has the longest path that the system takes', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'x'.repeat(SOCKET_PATH_BYTES - folder.length - 1));
    await listen(path);
    expect(lstatSync(path).isSocket()).to.equal(true);
  });

  for (const [what, path, fault] of [
    ['a longer one', `/${'x'.repeat(SOCKET_PATH_BYTES)}`, /has at most \d+\. Use a shorter one/],
    ['one whose bytes are more', `/${'é'.repeat(SOCKET_PATH_BYTES / 2 + 1)}`, /bytes long/],
    ['one with a NUL byte', '/a\0b', /holds a NUL byte/],
  ] as const) {
    it(`refuses ${what}, which would be cut`, () => {
      expect(() => resolveOptions({ bind: `unix:${path}` })).to.throw(ConfigError, fault);
    });
  }
});
