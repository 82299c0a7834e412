/** The walk through the code that CONTRIBUTING describes: the files of lib in which a GET has its way. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { NODE_OPTIONS, ROOT, scriptOf } from './support/source.js';

/** The files that CONTRIBUTING names between the heading of the walk and the next. */
function described(): string[] {
  const text = readFileSync(`${ROOT}CONTRIBUTING.md`, 'utf8');
  const [, walk = ''] = /^## The walk of a GET\n(.*?)^## /ms.exec(text) ?? [];
  return [...walk.matchAll(/^\d+\. `lib\/([\w/-]+\.ts)`/gm)].map(([, file]) => file as string);
}

describe('the walk of a GET', () => {
  it('goes through the files that CONTRIBUTING names, and no others', async () => {
    const script = scriptOf('./support/walk.ts', import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, [...NODE_OPTIONS, script]);
    const files: unknown = JSON.parse(stdout);
    expect(files).to.deep.equal(described().sort());
  });
});
