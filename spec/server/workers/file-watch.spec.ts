/** Which files are watched, and what counts as a change. */
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { fileState } from '../../../lib/server/workers/child-report.js';
import { FileWatch, modulesIn } from '../../../lib/server/workers/file-watch.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

describe('the watch on files', () => {
  let watch: FileWatch | undefined;
  const changes: string[][] = [];

  function begin(folder: string, always: string[] = []): FileWatch {
    changes.length = 0;
    watch = new FileWatch(folder, always, (files) => changes.push([...files]));
    watch.starts();
    return watch;
  }

  afterEach(() => {
    watch?.stop();
    removeTemporaryFolders();
  });

  it('tells a save that the time of the file does not tell', () => {
    const folder = temporaryFolder({ a: 'one', b: 'two' });
    for (const name of ['a', 'b']) utimesSync(join(folder, name), 1, 1);
    const before = fileState(join(folder, 'a'));
    renameSync(join(folder, 'b'), join(folder, 'a'));
    expect(fileState(join(folder, 'a'))).not.to.equal(before);
    expect(fileState(join(folder, 'b'))).to.equal('');
    expect(fileState(folder)).to.equal('');
  });

  it('reports what was saved between the load and the first look', async () => {
    const folder = temporaryFolder({ 'a.mjs': 'one' });
    const file = join(folder, 'a.mjs');
    const state = fileState(file);
    writeFileSync(file, 'other');
    begin(folder).loads(file, state);
    await until(() => changes.length > 0, 'a change');
    expect(changes).to.deep.equal([[file]]);
  });

  it('makes one change of many files that are saved together', async () => {
    const folder = temporaryFolder({ 'a.mjs': '', 'b.mjs': '' });
    const files = ['a.mjs', 'b.mjs'].map((name) => join(folder, name));
    const begun = begin(folder);
    for (const file of files) begun.loads(file, fileState(file));
    for (const file of files) writeFileSync(file, 'more');
    await until(() => changes.length > 0, 'a change');
    expect(changes).to.deep.equal([files]);
  });

  describe('a save that is held up', () => {
    let clock: sinon.SinonFakeTimers;
    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    });
    afterEach(() => clock.restore());

    for (const [title, hold] of [
      ['after it has emptied the file', (file: string) => writeFileSync(file, '')],
      ['after it has removed the file', (file: string) => rmSync(file)],
    ] as const) {
      it(`is one change: ${title}`, () => {
        const folder = temporaryFolder({ 'a.mjs': 'one' });
        const file = join(folder, 'a.mjs');
        begin(folder).loads(file, fileState(file));
        hold(file);
        clock.tick(1000);
        expect(changes).to.deep.equal([]);
        writeFileSync(file, 'other');
        clock.tick(1000);
        expect(changes).to.deep.equal([[file]]);
      });

      it(`is a change when it goes on for seconds: ${title}`, () => {
        const folder = temporaryFolder({ 'a.mjs': 'one' });
        const file = join(folder, 'a.mjs');
        begin(folder).loads(file, fileState(file));
        hold(file);
        clock.tick(4000);
        expect(changes).to.deep.equal([[file]]);
      });
    }
  });

  it('forgets what the process that is ready has not loaded', async () => {
    const folder = temporaryFolder({ 'a.mjs': '', 'b.mjs': '' });
    const [a, b] = [join(folder, 'a.mjs'), join(folder, 'b.mjs')];
    const begun = begin(folder);
    begun.loads(a, fileState(a));
    begun.loads(b, fileState(b));
    begun.starts();
    begun.loads(a, fileState(a));
    begun.isReady();
    writeFileSync(b, 'more');
    writeFileSync(a, 'more');
    await until(() => changes.length > 0, 'a change');
    expect(changes).to.deep.equal([[a]]);
  });

  it('takes any module of the folder for a change when the process is gone, also one that was saved meanwhile', async () => {
    const folder = temporaryFolder({ 'a.mjs': '' });
    const begun = begin(folder);
    const [a, b] = [join(folder, 'a.mjs'), join(folder, 'b.mjs')];
    writeFileSync(a, 'more');
    writeFileSync(b, 'new');
    begun.isGone();
    await until(() => changes.length > 0, 'a change');
    expect(changes).to.deep.equal([[a, b]]);
  });

  it('watches a file that is not there yet, and one that goes', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'wsgi.config.mjs');
    begin(folder, [file]);
    writeFileSync(file, 'export default {};');
    await until(() => changes.length === 1, 'a change');
    rmSync(file);
    await until(() => changes.length === 2, 'another change');
    expect(changes).to.deep.equal([[file], [file]]);
  });

  it('leaves packages, dot folders and folders behind links out', () => {
    const folder = temporaryFolder({
      'a.mjs': '',
      'sub/b.ts': '',
      'sub/c.txt': '',
      'node_modules/p/index.js': '',
      '.git/x.js': '',
      'sub/node_modules/p/index.js': '',
    });
    mkdirSync(join(folder, 'empty'));
    symlinkSync(folder, join(folder, 'loop'));
    expect(modulesIn(folder)).to.deep.equal([join(folder, 'a.mjs'), join(folder, 'sub/b.ts')]);
    expect(modulesIn(join(folder, 'none'))).to.deep.equal([]);
  });
});
