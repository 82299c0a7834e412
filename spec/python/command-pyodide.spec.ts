/** The command with applications in Python, on Pyodide: scripts, packages, what is watched, and what cannot be loaded. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../support/command.js';
import { PYODIDE_PACKAGES, requirePython } from '../support/python.js';
import { ROOT } from '../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

const cwd = join(ROOT, 'spec', 'python', 'applications');
const PYODIDE = ['--python', 'pyodide', '--threads', '1'];
const PACKAGES = ['--pythonpath', PYODIDE_PACKAGES];
const ANYWHERE = ['-b', '127.0.0.1:0'];
const HELLO = `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'from Python']
`;

async function textAt(command: Command, path = '/'): Promise<string> {
  return (await fetch((await command.address()) + path)).text();
}

async function talk(command: Command, path: string): Promise<unknown> {
  const { port } = new URL(await command.address());
  const client = new WebSocketClient(Number(port), { path });
  client.client.once('open', () => client.client.send('hi'));
  return client.next();
}

describe('wsgi with an application in Pyodide', function () {
  this.timeout(240_000);
  afterEach(async () => {
    closeClients();
    await killCommands();
    removeTemporaryFolders();
  });

  it('runs the example of WSocket as it is, without WSocket', async () => {
    const command = new Command(['seed.py', ...ANYWHERE, ...PYODIDE], { cwd });
    expect(await textAt(command)).to.equal('Hello World!');
    expect(command.stdout).to.match(/\(Pyodide \d\S+, Python \d+\.\d+\.\d+, 1 thread\)/);
    expect(await talk(command, '/')).to.equal('you : hi');
    await command.says(/^GET \/: participator : hi$/m);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
  });

  it('is what runs where the application has the package and there is no virtual environment', async () => {
    const command = new Command(['wsgiref_script.py', '--threads', '1'], {
      cwd,
      env: { VIRTUAL_ENV: '', PATH: '' },
    });
    expect(await textAt(command)).to.match(/^Hello world!\n[\s\S]*PATH_INFO = '\/'/);
    expect(command.stdout).to.match(/\(Pyodide .*, 1 thread\)/);
  });

  it('starts again with --reload when a file of Python changes', async () => {
    const folder = temporaryFolder({ 'app.py': `from other import application`, 'other.py': HELLO });
    const args = ['app.py:application', ...ANYWHERE, '--reload', ...PYODIDE];
    const command = new Command(args, { cwd: folder });
    expect(await textAt(command)).to.equal('from Python');
    writeFileSync(join(folder, 'other.py'), HELLO.replace('from Python', 'changed'));
    await until(async () => {
      const address = [...command.stdout.matchAll(/Server started at (\S+)/g)].at(-1)?.[1] ?? '';
      return (
        (await fetch(address).then(
          (response) => response.text(),
          () => '',
        )) === 'changed'
      );
    }, 'the new text');
  });

  it('ends with one sentence and the traceback when the application cannot be loaded', async () => {
    const { code, stderr } = await runCommand(['broken.py', ...PYODIDE], { cwd });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^wsgi: The Python application could not be loaded: broken\.py failed\nTraceback/,
    );
    expect(stderr).to.match(/ZeroDivisionError: division by zero\n$/);
  });

  describe('and packages', () => {
    before(function () {
      requirePython(this);
    });

    it('runs the example of WSocket as it is, with WSocket', async () => {
      const command = new Command(['seed.py', ...ANYWHERE, ...PYODIDE, ...PACKAGES], { cwd });
      expect(await textAt(command)).to.equal('Hello World!');
      expect(await talk(command, '/')).to.equal('you : hi');
    });

    it('serves Flask and flask-sock, where the script would listen', async () => {
      const command = new Command(['flask_script.py', ...PYODIDE, ...PACKAGES], { cwd });
      expect(await textAt(command, '/?q=hi')).to.equal('Flask says hi');
      expect(await talk(command, '/ws')).to.equal('Flask heard hi');
    });

    it('serves Bottle', async () => {
      const command = new Command(['bottle_script.py', ...PYODIDE, ...PACKAGES], { cwd });
      expect(await textAt(command, '/?q=hi')).to.equal('Bottle says hi');
    });

    it('lets a script go on when its server has stopped', async () => {
      const command = new Command(['waitress_script.py', ...PYODIDE, ...PACKAGES], { cwd });
      expect(await textAt(command)).to.equal('waitress says hi');
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
      expect(command.stderr).to.match(/^after serve\(\)$/m);
    });
  });
});
