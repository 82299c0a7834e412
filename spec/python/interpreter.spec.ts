/** Which Python runs an application, and what a target names. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../lib/errors.js';
import { findInterpreter } from '../../lib/python/cpython/interpreter.js';
import { resolvePythonOptions } from '../../lib/python/options.js';
import { isPythonTarget, parsePythonTarget } from '../../lib/python/target.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Files that are executable. */
function programs(...paths: string[]): string {
  const folder = temporaryFolder(Object.fromEntries(paths.map((path) => [path, ''])));
  for (const path of paths) chmodSync(join(folder, path), 0o755);
  return folder;
}

describe('findInterpreter', () => {
  afterEach(removeTemporaryFolders);

  it('takes the environment in force, then .venv, then venv, then python3 of the PATH', function () {
    if (process.platform === 'win32') this.skip();
    const folder = programs('force/bin/python', '.venv/bin/python', 'venv/bin/python');
    const PATH = programs('python3');
    const find = (from: string, env: NodeJS.ProcessEnv) => findInterpreter(undefined, from, env).command;
    expect(find(folder, { VIRTUAL_ENV: join(folder, 'force') })).to.equal(join(folder, 'force/bin/python'));
    expect(find(folder, { PATH })).to.equal(join(folder, '.venv/bin/python'));
    const other = programs('venv/bin/python');
    expect(find(other, { PATH })).to.equal(join(other, 'venv/bin/python'));
    expect(find(PATH, { PATH })).to.equal(join(PATH, 'python3'));
  });

  it('takes the one that was named, by its path or on the PATH', function () {
    if (process.platform === 'win32') this.skip();
    const PATH = programs('python3.8', 'bin/mine');
    expect(findInterpreter('python3.8', '/', { PATH }).command).to.equal(join(PATH, 'python3.8'));
    expect(findInterpreter('./bin/mine', PATH, {}).command).to.equal(join(PATH, 'bin/mine'));
    expect(() => findInterpreter('python9', '/', { PATH })).to.throw(
      ConfigError,
      'There is no python9 on the PATH',
    );
    expect(() => findInterpreter('./nowhere', PATH, {})).to.throw(ConfigError, 'There is no Python at');
  });

  it('prefers pyodide to python3 where the application has the package', function () {
    if (process.platform === 'win32') this.skip();
    const folder = temporaryFolder({ 'node_modules/pyodide/package.json': '{ "name": "pyodide" }' });
    expect(findInterpreter(undefined, folder, { PATH: programs('python3') }).command).to.equal('pyodide');
  });
});

describe('parsePythonTarget', () => {
  it('tells module and callable apart', () => {
    expect(parsePythonTarget('app.py:app')).to.deep.equal({ module: 'app.py', callable: 'app' });
    expect(parsePythonTarget('mysite.wsgi')).to.deep.equal({ module: 'mysite.wsgi', callable: undefined });
    expect(parsePythonTarget('büro.größe2:app').module).to.equal('büro.größe2');
    expect(parsePythonTarget('site:create_app("a:b", x=1)').callable).to.equal('create_app("a:b", x=1)');
    expect(parsePythonTarget('C:\\site\\app.py:app')).to.deep.equal({
      module: 'C:\\site\\app.py',
      callable: 'app',
    });
    expect(() => parsePythonTarget('app.py:')).to.throw(ConfigError);
    expect(() => parsePythonTarget('not a module')).to.throw(ConfigError, 'write FILE.py');
  });

  it('finds modules and packages in the folders, and files by their name', () => {
    const folder = temporaryFolder({ 'mysite/wsgi.py': '', 'pkg/__init__.py': '' });
    expect(isPythonTarget('mysite.wsgi:application', [folder])).to.equal(true);
    expect(isPythonTarget('pkg', [folder])).to.equal(true);
    expect(isPythonTarget('other', [folder])).to.equal(false);
    expect(isPythonTarget('other.py', [folder])).to.equal(true);
    removeTemporaryFolders();
  });
});

describe('the options of fromPython', () => {
  it('are refused in one sentence', () => {
    expect(() => resolvePythonOptions({ threads: 0 })).to.throw(
      ConfigError,
      'Option threads must be a whole number',
    );
    expect(() => resolvePythonOptions({ thread: 1 } as never)).to.throw(ConfigError, 'did you mean threads?');
    expect(() => resolvePythonOptions({ timeout: -1 })).to.throw(ConfigError, 'Option timeout must be');
    expect(() => resolvePythonOptions({ python: '' })).to.throw(ConfigError, 'Option python must be pyodide');
  });
});
