/** The reader of the log left, or its disk is full: the server goes on without it. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { Command, killCommands } from '../support/command.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const APP = `
export default (environ, start_response) => {
  environ['wsgi.errors'].write('an application that talks\\n');
  if (environ.PATH_INFO === '/fails') throw new Error('for the log');
  start_response('200 OK', []);
  return [Buffer.from('ok')];
};
`;

const PATHS = ['/', '/fails', '/', '/fails', '/'];

describe('a log', () => {
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  async function start(...args: string[]) {
    const cwd = temporaryFolder({ 'app.mjs': APP });
    const command = new Command(['app.mjs', '--bind', '127.0.0.1:0', ...args], { cwd });
    return { command, address: await command.address() };
  }

  async function check(address: string): Promise<void> {
    for (const path of PATHS) {
      const response = await fetch(address + path);
      expect(response.status).to.equal(path === '/' ? 200 : 500);
      await response.text();
      // What the write met is told in a later turn of the server.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  for (const stream of ['stdout', 'stderr'] as const) {
    it(`on ${stream} that is no longer read does not stop the server`, async () => {
      const { command, address } = await start('--access-logfile', '-');
      command.child[stream]?.destroy();
      await check(address);
      expect(command.child.exitCode).to.equal(null);
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
    });
  }

  it('on a full disk does not stop the server', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const { command, address } = await start('--access-logfile', '/dev/full', '--error-logfile', '/dev/full');
    await check(address);
    await command.says(/cannot write to \/dev\/full: ENOSPC/);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
  });
});
