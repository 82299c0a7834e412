/** The code in the documents: what stands alone compiles as it stands there. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { folderOfBlocks } from './support/document-blocks.js';
import { ROOT } from './support/source.js';
import { removeTemporaryFolders } from './support/temporary-folder.js';

const OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  types: ['node'],
  allowJs: true,
  skipLibCheck: true,
  noEmit: true,
  rootDir: '.',
};

describe('the types of the code in the documents', () => {
  after(removeTemporaryFolders);

  it('are right in a strict project', () => {
    const project = { compilerOptions: OPTIONS, include: ['*.ts', '*.mjs'] };
    const folder = folderOfBlocks({ 'tsconfig.json': JSON.stringify(project) });
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).to.equal('');
    expect(status).to.equal(0);
  });
});
