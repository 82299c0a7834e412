/** mirror() under the command with threads, as it is built: the thread of the candidate loads what the command was given. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands } from '../../support/command.js';
import { ROOT } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const SITE = `
import { mirror } from 'wsgi/porting';

const answer = (text) => (environ, start_response) => {
  if (environ.PATH_INFO === '/exit' && text === 'candidate') process.exit(9);
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(text)];
};

export const app = mirror(answer('original'), answer('candidate'));
`;

describe('mirror under the command', function () {
  this.timeout(60_000);

  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  it('has the candidate in a thread of its own', async () => {
    const cwd = temporaryFolder({ 'site.mjs': SITE });
    mkdirSync(join(cwd, 'node_modules'));
    symlinkSync(ROOT, join(cwd, 'node_modules/wsgi'), 'junction');
    const args = ['site.mjs:app', '--threads', '1', '--bind', '127.0.0.1:0'];
    const command = new Command(args, { cwd, script: join(ROOT, 'dist/bin.js'), plain: true });
    const [, url = ''] = await command.says(/Server started at (\S+)/);
    expect(await (await fetch(`${url}/x`)).text()).to.equal('original');
    await command.says(/mirror: GET \/x differs: body.*: candidate instead of original/);
    expect(await (await fetch(`${url}/exit`)).text()).to.equal('original');
    await command.says(/GET \/exit differs: .*it ended its thread with process\.exit\(9\)/);
    expect(await (await fetch(`${url}/y`)).text()).to.equal('original');
    await command.says(/mirror: GET \/y differs: body/);
  });
});
