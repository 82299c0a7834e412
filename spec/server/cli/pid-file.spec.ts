/** --pid: the file that names the process, while it runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../../support/command.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const APPS = fileURLToPath(new URL('../../apps', import.meta.url));
const ANY_PORT = ['-b', '127.0.0.1:0'];

const serve = (args: string[]) => new Command([...ANY_PORT, ...args], { cwd: APPS });

describe('wsgi --pid', function () {
  this.timeout(60_000);

  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`has its process id in the file until ${signal}`, async () => {
      const path = join(temporaryFolder(), 'wsgi.pid');
      const command = serve(['-p', path, 'hello.mjs']);
      await command.address();
      expect(readFileSync(path, 'utf8')).to.equal(`${command.child.pid}\n`);
      command.child.kill(signal);
      expect(await command.exit()).to.equal(0);
      expect(existsSync(path)).to.equal(false);
    });
  }

  it('refuses a file that names a process that is alive, and leaves it', async () => {
    const folder = temporaryFolder({ 'wsgi.pid': `${process.pid}\n` });
    const path = join(folder, 'wsgi.pid');
    const { code, stderr } = await runCommand([...ANY_PORT, '-p', path, 'hello.mjs'], { cwd: APPS });
    const expected = `wsgi: Process ${process.pid}, which the pid file ${path} names, is still running\n`;
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: expected });
    expect(readFileSync(path, 'utf8')).to.equal(`${process.pid}\n`);
  });

  it('takes over a file that names no process', async () => {
    const gone = new Command(['--version']);
    await gone.exit();
    for (const stale of [`${gone.child.pid}\n`, 'what?', '']) {
      const path = join(temporaryFolder({ 'wsgi.pid': stale }), 'wsgi.pid');
      const command = serve(['-p', path, 'hello.mjs']);
      await command.address();
      expect(readFileSync(path, 'utf8')).to.equal(`${command.child.pid}\n`);
    }
  });

  it('takes the file away when it cannot listen', async () => {
    const path = join(temporaryFolder(), 'wsgi.pid');
    const { code } = await runCommand(['-b', 'unix:/none/a.sock', '-p', path, 'hello.mjs'], { cwd: APPS });
    expect(code).to.equal(1);
    expect(existsSync(path)).to.equal(false);
  });

  it('says why it cannot write the file', async () => {
    const { code, stderr } = await runCommand([...ANY_PORT, '-p', '/none/x', 'hello.mjs'], { cwd: APPS });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^wsgi: Cannot write the pid file \/none\/x: ENOENT.*\n$/);
  });
});
