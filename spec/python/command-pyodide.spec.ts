/** The command with applications in Python, on Pyodide: scripts, packages, what is watched, and what cannot be loaded. */
import { expect } from 'chai';
import { Command, killCommands } from '../support/command.js';
import { APPLICATIONS as cwd, PYODIDE_PACKAGES, requirePython } from '../support/python.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { closeClients } from '../support/web-socket-client.js';
import {
  ANYWHERE,
  endsWithTheScript,
  goesOnAfterServing,
  knowsFactories,
  passesArguments,
  reloads,
  saysWhatFails,
  talk,
  textAt,
} from './command.js';

const PYODIDE = ['--python', 'pyodide', '--threads', '1'];
const PACKAGES = ['--pythonpath', PYODIDE_PACKAGES];

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

  reloads(PYODIDE);

  saysWhatFails(PYODIDE);
  knowsFactories(PYODIDE);
  passesArguments(PYODIDE);
  endsWithTheScript(PYODIDE);

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

    goesOnAfterServing([...PYODIDE, ...PACKAGES]);
  });
});
