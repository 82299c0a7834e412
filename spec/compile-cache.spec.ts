/** What the command keeps of what V8 compiled: where, and where not. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './support/source.js';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-folder.js';

const canKeep = 'enableCompileCache' in module;

/** Runs `wsgi --version`. @returns the files that are kept then. */
function start(cache: string, env: NodeJS.ProcessEnv = {}): string[] {
  const { NODE_COMPILE_CACHE: _, NODE_V8_COVERAGE: __, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/bin.js'), '--version'], {
    encoding: 'utf8',
    env: { ...inherited, XDG_CACHE_HOME: cache, ...env },
  });
  expect([status, stderr]).to.deep.equal([0, '']);
  expect(stdout).to.match(/^wsgi \d/);
  return readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(cache, path)).isFile(),
  );
}

describe('the cache of compiled code', () => {
  before(function () {
    if (process.platform === 'win32' || process.platform === 'darwin') this.skip();
  });
  after(removeTemporaryFolders);

  it('is in a folder of the user that others cannot enter, where Node has one', () => {
    const cache = temporaryFolder({});
    const files = start(cache);
    if (!canKeep) {
      expect(files).to.deep.equal([]);
      return;
    }
    expect(files.length).to.be.above(2);
    expect(statSync(join(cache, 'wsgi', 'compiled')).mode & 0o777).to.equal(0o700);
  });

  it('is not read from a folder that others can write to', () => {
    const cache = temporaryFolder({});
    mkdirSync(join(cache, 'wsgi', 'compiled'), { recursive: true });
    chmodSync(join(cache, 'wsgi', 'compiled'), 0o777);
    expect(start(cache)).to.deep.equal([]);
  });

  it('leaves the choice to the environment variables of Node', () => {
    const cache = temporaryFolder({});
    expect(start(cache, { NODE_DISABLE_COMPILE_CACHE: '1' })).to.deep.equal([]);
    const other = temporaryFolder({});
    expect(start(cache, { NODE_COMPILE_CACHE: other })).to.deep.equal([]);
    expect(readdirSync(other).length > 0).to.equal(canKeep);
  });

  it('is not needed', () => {
    const cache = temporaryFolder({ wsgi: 'a file' });
    expect(start(cache)).to.deep.equal(['wsgi']);
  });
});
