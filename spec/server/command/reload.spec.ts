/** --reload: the server starts again when the application changes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands } from '../../support/command.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const serve = (args: string[], cwd: string) => new Command(['-b', '127.0.0.1:0', ...args], { cwd });
const get = async (command: Command) => (await fetch(await command.address())).text();

describe('wsgi --reload', function () {
  this.timeout(60_000);

  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  const said = (text: string) => `export default (_environ, start_response) => {
    start_response('200 OK', []);
    return [Buffer.from('${text}')];
  };`;

  it('starts again when the application changes, and stops with it', async () => {
    const cwd = temporaryFolder({ 'sub/a.mjs': said('old') });
    const command = serve(['--reload', '--chdir', 'sub', 'a.mjs'], cwd);
    expect(await get(command)).to.equal('old');
    command.stdout = '';
    writeFileSync(join(cwd, 'sub/a.mjs'), said('new'));
    expect(await get(command)).to.equal('new');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stdout).to.match(/Server stopped\.\n$/);
  });

  it('waits for a change when the application cannot be loaded', async () => {
    const cwd = temporaryFolder({
      'a.mjs': 'throw new Error("broken")',
      'wsgi.config.mjs': 'export const reload = true',
    });
    const command = serve(['a.mjs'], cwd);
    await command.says(/wsgi: a\.mjs threw while it was loading\nError: broken/);
    await command.says(/Failed running/);
    writeFileSync(join(cwd, 'a.mjs'), said('mended'));
    expect(await get(command)).to.equal('mended');
  });
});
