/** A promise that a handler does not await, and that rejects: `run` and the command log it, and go on. */
import { expect } from 'chai';
import { run } from '../../lib/index.js';
import type { Server } from '../../lib/server/server.js';
import { Command, killCommands } from '../support/command.js';
import { serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const APP = `
export default (environ, start_response) => {
  if (environ.PATH_INFO === '/detached') Promise.reject(new Error('nobody waits'));
  if (environ.PATH_INFO === '/undefined') Promise.reject();
  start_response('200 OK', []);
  return [Buffer.from('ok')];
};
`;

const listeners = () => process.listeners('unhandledRejection').length;

describe('a rejected promise that nothing awaits', () => {
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  it('is logged by the command, with its stack, and does not end it', async () => {
    const folder = temporaryFolder({ 'app.mjs': APP });
    const command = new Command(['app.mjs', '--bind', '127.0.0.1:0'], { cwd: folder });
    const address = await command.address();
    for (const path of ['/detached', '/undefined', '/']) {
      expect((await fetch(address + path)).status, path).to.equal(200);
    }
    await command.says(/ERROR:wsgi:Unhandled promise rejection\nError: nobody waits\n +at .*app\.mjs/);
    await command.says(/ERROR:wsgi:Unhandled promise rejection\nThrown: undefined/);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
  });

  it('is heard of once by any number of run(), until the last of them is closed', async () => {
    const before = listeners();
    const start = async (): Promise<Server> => {
      const { log } = console;
      console.log = () => {};
      try {
        return await run(
          (_environ, start_response) => {
            start_response('200 OK', []);
            return [];
          },
          { port: 0 },
        );
      } finally {
        console.log = log;
      }
    };
    const [one, two] = [await start(), await start()];
    expect(listeners()).to.equal(before + 1);
    await one.close();
    expect(listeners()).to.equal(before + 1);
    await two.close();
    expect(listeners()).to.equal(before);
  });

  it('is left to the process by makeServer()', async () => {
    const before = listeners();
    const server = await serveApp(() => []);
    expect(listeners()).to.equal(before);
    await server.close();
  });
});
