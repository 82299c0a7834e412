/** The status of a server with workers: whichever is asked, it is that of all, and no count ever falls. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ServerStatus } from '../../../lib/server/status/server-status.js';
import { Command, killCommands } from '../../support/command.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const APP = `import { existsSync, writeSync } from 'node:fs';
export default (environ, start_response) => {
  if (environ.PATH_INFO === '/block') {
    writeSync(1, 'It blocks');
    while (!existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(String(process.pid))];
};
`;

describe('the status of a server with workers', () => {
  let folder = '';
  let command: Command;
  let url = '';
  let asked = 0;

  before(async function () {
    if (process.platform === 'win32') this.skip();
    folder = temporaryFolder({ 'app.mjs': APP });
    const options = ['--workers', '2', '--status-path', '/-/status', '--bind', '127.0.0.1:0'];
    command = new Command(['app.mjs', ...options], { cwd: folder });
    url = await command.address();
    await until(async () => (await read()).workers.running === 2, 'two workers');
  });
  after(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  /** On a connection of its own, so that it may come to any worker. */
  async function ask(path: string): Promise<string> {
    const [response] = (await once(get(url + path, { agent: false }), 'response')) as [IncomingMessage];
    expect(response.statusCode).to.equal(200);
    return Buffer.concat(await response.toArray()).toString();
  }

  async function read(): Promise<ServerStatus> {
    return JSON.parse(await ask('/-/status')) as ServerStatus;
  }

  async function pid(): Promise<string> {
    const answer = await ask('/');
    asked++;
    return answer;
  }

  /** Asks seldom: workers start meanwhile, and need the CPU. */
  async function readUntil(test: (status: ServerStatus) => boolean): Promise<ServerStatus> {
    let status = await read();
    let turn = 0;
    await until(async () => {
      if (turn++ % 10 === 0) status = await read();
      return test(status);
    }, 'that status');
    return status;
  }

  it('is the sum of all', async () => {
    const pids = new Set<string>();
    await until(async () => pids.add(await pid()).size === 2, 'answers of both');
    for (let i = 0; i < 4; i++) {
      const status = await readUntil(({ latency }) => latency.count >= asked);
      expect(status.requests.byMethod.GET).to.equal(asked);
      expect(status.responses['2xx']).to.equal(asked);
      expect(status.workers).to.deep.equal({ running: 2, restarts: 0 });
      expect(status.requests.inFlight).to.equal(0);
    }
  });

  it('is that of the others too while one of them is blocked', async () => {
    const blocked = ask('/block');
    await command.says(/It blocks/);
    // One of them may have come to the worker that is blocked.
    const status = await Promise.any([read(), read(), read()]);
    expect(status.workers.running).to.equal(2);
    expect(status.requests.byMethod.GET).to.equal(asked);
    writeFileSync(join(folder, 'go'), '');
    await blocked;
    asked++;
    await readUntil(({ latency }) => latency.count === asked);
  });

  it('keeps its counts when all workers are replaced', async () => {
    const before = await read();
    command.child.kill('SIGHUP');
    await readUntil(({ requests, connections }) => {
      expect(requests.byMethod.GET).to.equal(asked);
      expect(connections.total).to.be.at.least(before.connections.total);
      return command.stderr.includes('Reloaded');
    });
    const status = await read();
    expect(status.workers).to.deep.equal({ running: 2, restarts: 0 });
    expect(status.startTime).to.equal(before.startTime);
    expect(status.cpu.user).to.be.at.least(before.cpu.user);
  });

  it('counts a worker that died and was replaced, and keeps what was known of it', async () => {
    const dies = Number(await pid());
    await readUntil(({ latency }) => latency.count === asked);
    process.kill(dies, 'SIGKILL');
    const status = await readUntil(({ workers }) => workers.restarts === 1 && workers.running === 2);
    expect(status.requests.byMethod.GET).to.equal(asked);
  });

  it('is there with one worker as well, and as text for Prometheus', async () => {
    command.child.kill('SIGTTOU');
    await readUntil(({ workers }) => workers.running === 1);
    expect(await ask('/-/status?format=prometheus')).to.include('\nwsgi_workers 1\n');
    expect((await read()).requests.byMethod.GET).to.equal(asked);
  });
});
