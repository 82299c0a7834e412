/** The command with applications in Python: scripts that start a server themselves, modules, and what cannot be loaded. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../support/command.js';
import { PYTHON, requirePython } from '../support/python.js';
import { ROOT } from '../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

const cwd = join(ROOT, 'spec', 'python', 'applications');
const HELLO = `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'from Python']
`;

describe('wsgi with an application in Python', () => {
  before(function () {
    requirePython(this);
  });
  afterEach(async () => {
    closeClients();
    await killCommands();
    removeTemporaryFolders();
  });

  async function textAt(command: Command, path = '/'): Promise<string> {
    return (await fetch((await command.address()) + path)).text();
  }

  for (const [where, python] of [
    ['without WSocket', 'python3'],
    ['with WSocket', PYTHON],
  ] as const) {
    it(`runs the example of WSocket as it is, ${where}`, async () => {
      const command = new Command(['seed.py', '-b', '127.0.0.1:0', '--python', python], { cwd });
      expect(await textAt(command)).to.equal('Hello World!');
      expect(command.stdout).to.match(/\(CPython \d+\.\d+\.\d+, 1 process of 8 threads\)/);
      const { port } = new URL(await command.address());
      const client = new WebSocketClient(Number(port), { path: '/' });
      client.client.once('open', () => client.client.send('hi'));
      expect(await client.next()).to.equal('you : hi');
      await command.says(/^GET \/: participator : hi$/m);
    });
  }

  const scripts: [script: string, path: string, text: RegExp][] = [
    ['flask_script.py', '/?q=hi', /^Flask says hi$/],
    ['bottle_script.py', '/?q=hi', /^Bottle says hi$/],
    ['wsgiref_script.py', '/', /^Hello world!\n[\s\S]*PATH_INFO = '\/'/],
  ];
  for (const [script, path, text] of scripts) {
    it(`serves the application of ${script}, where the script would listen`, async () => {
      const command = new Command([script, '--python', PYTHON], { cwd });
      expect(await textAt(command, path)).to.match(text);
      expect(await command.address()).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    });
  }

  it('lets flask-sock talk over a WebSocket', async () => {
    const command = new Command(['flask_script.py:app', '-b', '127.0.0.1:0', '--python', PYTHON], { cwd });
    const { port } = new URL(await command.address());
    const client = new WebSocketClient(Number(port), { path: '/ws' });
    client.client.once('open', () => client.client.send('hi'));
    expect(await client.next()).to.equal('Flask heard hi');
  });

  it('replaces its one process after --max-requests', async () => {
    const command = new Command(
      ['behaviour.py:application', '-b', '127.0.0.1:0', '--python', PYTHON, '--max-requests', '3'],
      { cwd },
    );
    const pids = new Set<string>();
    await until(async () => {
      pids.add(await textAt(command, '/whoami'));
      return pids.size >= 3;
    });
    expect(command.stderr).to.equal('');
  });

  it('lets a script go on when its server has stopped', async () => {
    const command = new Command(['waitress_script.py', '--python', PYTHON], { cwd });
    expect(await textAt(command)).to.equal('waitress says hi');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.match(/^after serve\(\)$/m);
  });

  it('takes the module of JavaScript where both are there, and that of Python with --python', async () => {
    const folder = temporaryFolder({
      'mysite/wsgi.py': HELLO,
      'both.py': HELLO,
      'both.mjs': `export const application = (environ, start_response) => {
        start_response('200 OK', [['Content-Type', 'text/plain']]);
        return [Buffer.from('from JavaScript')];
      };`,
    });
    const bind = ['-b', '127.0.0.1:0'];
    expect(await textAt(new Command(['both', ...bind], { cwd: folder }))).to.equal('from JavaScript');
    expect(await textAt(new Command(['both', '--python', 'python3', ...bind], { cwd: folder }))).to.equal(
      'from Python',
    );
    expect(await textAt(new Command(['mysite.wsgi:application', ...bind], { cwd: folder }))).to.equal(
      'from Python',
    );
  });

  it('serves a file that has the name of a module of Python', async () => {
    const folder = temporaryFolder({ 'site.py': HELLO });
    const command = new Command(['site.py:application', '-b', '127.0.0.1:0'], { cwd: folder });
    expect(await textAt(command)).to.equal('from Python');
  });

  it('starts again with --reload when a file of Python changes', async () => {
    const folder = temporaryFolder({ 'app.py': `from other import application`, 'other.py': HELLO });
    const command = new Command(['app.py:application', '-b', '127.0.0.1:0', '--reload'], { cwd: folder });
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
    const { code, stderr } = await runCommand(['broken.py', '--python', 'python3'], { cwd });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^wsgi: The Python application could not be loaded: broken\.py failed\nTraceback/,
    );
    expect(stderr).to.match(/ZeroDivisionError: division by zero\n$/);
  });

  it('names both ways to get a Python where there is none', async () => {
    const folder = temporaryFolder({ 'app.py': HELLO });
    const env = { PATH: '', VIRTUAL_ENV: '' };
    const { code, stderr } = await runCommand(['app.py'], { cwd: folder, env });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^wsgi: There is no Python to run the application: install Python .* or npm install pyodide/,
    );
  });
});
