/** The command with applications in Python: scripts that start a server themselves, modules, and what cannot be loaded. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../support/command.js';
import { APPLICATIONS as cwd, PYTHON, requirePython } from '../support/python.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { closeClients } from '../support/web-socket-client.js';
import {
  ANYWHERE,
  endsWithTheScript,
  goesOnAfterServing,
  HELLO,
  knowsFactories,
  passesArguments,
  reloads,
  saysWhatFails,
  talk,
  textAt,
} from './command.js';

describe('wsgi with an application in Python', () => {
  before(function () {
    requirePython(this);
  });
  afterEach(async () => {
    closeClients();
    await killCommands();
    removeTemporaryFolders();
  });

  for (const [where, python] of [
    ['without WSocket', 'python3'],
    ['with WSocket', PYTHON],
  ] as const) {
    it(`runs the example of WSocket as it is, ${where}`, async () => {
      const command = new Command(['seed.py', ...ANYWHERE, '--python', python], { cwd });
      expect(await textAt(command)).to.equal('Hello World!');
      expect(command.stdout).to.match(/\(CPython \d+\.\d+\.\d+, 1 process of 8 threads\)/);
      expect(await talk(command, '/')).to.equal('you : hi');
      await command.says(/^GET \/: participator : hi$/m);
    });
  }

  const scripts: [script: string, path: string, text: RegExp][] = [
    ['flask_script.py', '/?q=hi', /^Flask says hi$/],
    ['bottle_script.py', '/?q=hi', /^Bottle says hi$/],
    ['waitress_server_script.py', '/', /^waitress says hi$/],
    ['werkzeug_script.py', '/', /^werkzeug says hi$/],
    ['wsgiref_script.py', '/', /^Hello world!\n[\s\S]*PATH_INFO = '\/'/],
  ];
  for (const [script, path, text] of scripts) {
    it(`serves the application of ${script}, where the script would listen`, async () => {
      const command = new Command([script, '--python', PYTHON], { cwd });
      expect(await textAt(command, path)).to.match(text);
      expect(await command.address()).to.match(/^http:\/\/127\.0\.0\.1:(?!8080$)\d+$/);
    });
  }

  it('lets shutdown() return when the server of a script has stopped', async () => {
    const command = new Command(['werkzeug_script.py', '--python', PYTHON], { cwd });
    await command.address();
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.match(/^after serve_forever\(\)$/m);
  });

  for (const target of ['two_servers.py', 'two_servers.py:app']) {
    it(`leaves a server to the application that runs it in another thread: ${target}`, async () => {
      const command = new Command([target, ...ANYWHERE, '--python', 'python3'], { cwd });
      const other = await fetch(`http://127.0.0.1:${await textAt(command)}`);
      expect(await other.text()).to.equal('metrics');
    });

    it(`leaves a server to the handler that makes it: ${target}`, async () => {
      for (const threads of ['1', '2']) {
        const args = [target, ...ANYWHERE, '--python', 'python3', '--threads', threads];
        expect(await textAt(new Command(args, { cwd }), '/own')).to.equal('own metrics');
      }
    });
  }

  it('serves what a script serves in a thread that is no daemon', async () => {
    const args = ['thread_server.py', ...ANYWHERE, '--python', 'python3', '--threads', '1'];
    const command = new Command(args, { cwd });
    expect(await textAt(command)).to.equal('server');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('');
  });

  it('lets flask-sock talk over a WebSocket', async () => {
    const command = new Command(['flask_script.py:app', ...ANYWHERE, '--python', PYTHON], { cwd });
    expect(await talk(command, '/ws')).to.equal('Flask heard hi');
  });

  for (const target of ['greenlets.py', 'greenlets.py:app']) {
    it(`serves an application that has gevent replace threads: ${target}`, async () => {
      const command = new Command([target, ...ANYWHERE, '--python', PYTHON], { cwd });
      const url = await command.address();
      const texts = [1, 300_000, 3].map(async (size) =>
        (await fetch(url, { method: 'POST', body: Buffer.alloc(size) })).text(),
      );
      expect(await Promise.all(texts)).to.deep.equal([
        '1 bytes for greenlets',
        '300000 bytes for greenlets',
        '3 bytes for greenlets',
      ]);
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
      expect(command.stderr).to.equal(target === 'greenlets.py' ? 'after serve_forever()\n' : '');
    });
  }

  it('serves a package that has gevent replace threads while it is imported', async () => {
    const folder = temporaryFolder({
      'green/__init__.py': `from gevent import monkey\nmonkey.patch_all()\nfrom green import parts\n${HELLO}`,
      'green/parts.py': '',
    });
    const command = new Command(['green', ...ANYWHERE, '--python', PYTHON], { cwd: folder });
    expect(await textAt(command)).to.equal('from Python');
  });

  it('leaves a server to the application that runs it in another thread, which is a greenlet', async () => {
    const folder = temporaryFolder({
      'green.py': `from gevent import monkey
monkey.patch_all()
import threading, time
from wsgiref.simple_server import make_server
${HELLO}
threading.Thread(target=make_server('127.0.0.1', 0, None).serve_forever, daemon=True).start()
time.sleep(0)
`,
    });
    const command = new Command(['green.py', ...ANYWHERE, '--python', PYTHON], { cwd: folder });
    expect(await textAt(command)).to.equal('from Python');
  });

  it('lets a script go on for a moment when Node was killed, where the system does not end it', async () => {
    const folder = temporaryFolder({
      // What asks Linux to end it uses that.
      'without/ctypes.py': 'raise ImportError()',
      'script.py': `import time
from wsgiref.simple_server import make_server
${HELLO}
make_server('127.0.0.1', 0, application).serve_forever()
time.sleep(0.3)
open('after', 'w').close()
`,
    });
    const env = { PYTHONPATH: join(folder, 'without') };
    const args = ['script.py', ...ANYWHERE, '--python', 'python3', '--threads', '1'];
    const command = new Command(args, { cwd: folder, env });
    expect(await textAt(command)).to.equal('from Python');
    command.child.kill('SIGKILL');
    await until(() => existsSync(join(folder, 'after')));
  });

  it('replaces its one process after --max-requests', async () => {
    const command = new Command(
      ['behaviour.py:application', ...ANYWHERE, '--python', PYTHON, '--max-requests', '3'],
      { cwd },
    );
    const pids = new Set<string>();
    await until(async () => {
      pids.add(await textAt(command, '/whoami'));
      return pids.size >= 3;
    });
    expect(command.stderr).to.equal('');
  });

  goesOnAfterServing(['--python', PYTHON]);

  it('takes the module of JavaScript where both are there, and that of Python with --python', async () => {
    const folder = temporaryFolder({
      'mysite/wsgi.py': HELLO,
      'both.py': HELLO,
      'both.mjs': `export const application = (environ, start_response) => {
        start_response('200 OK', [['Content-Type', 'text/plain']]);
        return [Buffer.from('from JavaScript')];
      };`,
    });
    expect(await textAt(new Command(['both', ...ANYWHERE], { cwd: folder }))).to.equal('from JavaScript');
    expect(await textAt(new Command(['both', '--python', 'python3', ...ANYWHERE], { cwd: folder }))).to.equal(
      'from Python',
    );
    expect(await textAt(new Command(['mysite.wsgi:application', ...ANYWHERE], { cwd: folder }))).to.equal(
      'from Python',
    );
  });

  it('serves a file that has the name of a module of Python', async () => {
    const folder = temporaryFolder({ 'site.py': HELLO });
    const command = new Command(['site.py:application', ...ANYWHERE], { cwd: folder });
    expect(await textAt(command)).to.equal('from Python');
  });

  reloads([]);

  saysWhatFails(['--python', 'python3']);
  knowsFactories(['--python', 'python3']);
  passesArguments(['--python', 'python3']);
  endsWithTheScript(['--python', 'python3']);

  it('has no arguments for an application in JavaScript', async () => {
    const folder = temporaryFolder({ 'app.mjs': 'export const application = 1;' });
    const { code, stderr } = await runCommand(['app.mjs', '--', '--port', '9'], { cwd: folder });
    expect(code).to.equal(2);
    expect(stderr).to.equal(
      'wsgi: Arguments after -- are for an application in Python, and app.mjs is not one: --port 9\nTry wsgi --help\n',
    );
  });

  it('says that an application takes long to load', async () => {
    const folder = temporaryFolder({ 'hangs.py': 'while True: pass' });
    const command = new Command(['hangs.py:app', ...ANYWHERE, '--python', 'python3'], { cwd: folder });
    await command.says(
      /^WARNING:wsgi:The Python process \d+ has been loading the application for 5 s, or runs a server of its own$/m,
    );
    command.child.kill('SIGTERM');
    await command.exit();
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
