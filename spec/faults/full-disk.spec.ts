/** Uploads that do not fit: one clear error, and nothing is left of what did. */
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { NODE_OPTIONS, scriptOf } from '../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const CHILD = scriptOf('upload-child.ts', import.meta.url);
const BLOCKING_CHILD = scriptOf('blocking-upload-child.ts', import.meta.url);

interface Outcome {
  status: number;
  text: string;
  after: number;
  error: { code: string; message: string; left: string[] } | undefined;
}

async function upload(folder: string, shell: string): Promise<{ outcome: Outcome; stderr: string }> {
  const args = [...NODE_OPTIONS, CHILD, folder];
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', shell, process.execPath, ...args]);
  return { outcome: JSON.parse(stdout) as Outcome, stderr };
}

function check(
  folder: string,
  { outcome, stderr }: { outcome: Outcome; stderr: string },
  code: string,
): void {
  expect(outcome).to.include({ status: 500, after: 200 });
  expect(outcome.text).not.to.contain(code);
  expect(outcome.error).to.include({ code });
  expect(outcome.error?.message).to.match(/^(?:ENOSPC|EFBIG)/);
  expect(outcome.error?.left, 'left when parseForm() had thrown').to.deep.equal([]);
  expect(readdirSync(folder)).to.deep.equal([]);
  expect(stderr).to.contain(code);
}

describe('an upload', function () {
  this.timeout(30_000);

  before(function () {
    if (process.platform === 'win32') this.skip();
  });

  after(removeTemporaryFolders);

  it('that is larger than a file may be leaves nothing behind', async () => {
    const folder = temporaryFolder();
    // In KiB; with the signal ignored, the write fails instead of the process.
    check(folder, await upload(folder, `trap '' XFSZ; ulimit -f 1024; exec "$0" "$@"`), 'EFBIG');
  });

  it('that is larger than a file may be leaves nothing behind in a worker thread either', async () => {
    const folder = temporaryFolder();
    const shell = `trap '' XFSZ; ulimit -f 1024; exec "$0" "$@"`;
    const args = ['-c', shell, process.execPath, ...NODE_OPTIONS, BLOCKING_CHILD, folder];
    const { stdout } = await promisify(execFile)('bash', args);
    const error = JSON.parse(stdout) as Outcome['error'];
    expect(error).to.deep.include({ code: 'EFBIG', left: [] });
    expect(error?.message).to.match(/^EFBIG/);
  });

  it('that is larger than the disk leaves nothing behind', async function () {
    const folder = join(temporaryFolder({ 'disk/x': '' }), 'disk');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      // Only root may.
      this.skip();
    }
    try {
      check(folder, await upload(folder, 'exec "$0" "$@"'), 'ENOSPC');
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
