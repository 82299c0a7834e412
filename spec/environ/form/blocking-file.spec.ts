/** lib/environ/form/file.ts: the files of a form in a worker thread, read and saved. */
import { closeSync, fstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileWrapper } from '../../../lib/environ/file/file-wrapper.js';
import type { BlockingFormFile } from '../../../lib/environ/form/file.js';
import type { BlockingForm } from '../../../lib/environ/form/form.js';
import { openDescriptors } from '../bodies.js';
import { END, file, UploadFolderFixture } from './multipart.js';

describe('BlockingFormFile', () => {
  let form: BlockingForm;
  // Before the folder is looked at.
  afterEach(() => form.close());
  const folder = new UploadFolderFixture();
  const large = 'abcdefg'.repeat(30_000);
  let small: BlockingFormFile;
  let long: BlockingFormFile;

  beforeEach(() => {
    form = folder.parseBlocking(file('small', 'a', 'caf\xc3\xa9\0') + file('long', 'b', large) + END);
    small = form.files.get('small') as BlockingFormFile;
    long = form.files.get('long') as BlockingFormFile;
  });

  it('gives its bytes, and its text', () => {
    expect(small.size).to.equal(6);
    expect(small.bytes()).to.deep.equal(Buffer.from('café\0'));
    expect(small.text()).to.equal('café\0');
  });

  it('is saved where it stays, over what is there', () => {
    const saved = join(folder.path, 'saved');
    long.save(saved);
    small.save(saved);
    form.close();
    expect(readFileSync(saved, 'utf8')).to.equal('café\0');
    rmSync(saved);
  });

  it('is iterated in blocks, and open only meanwhile', () => {
    const blocks = [...long.stream()];
    expect(Buffer.concat(blocks).toString()).to.equal(large);
    expect(blocks.map(({ length }) => length)).to.deep.equal([65_536, 65_536, 65_536, 13_392]);
    for (const _block of long.stream()) break;
    expect(openDescriptors(folder.path)).to.equal(0);
  });

  it('opens for reading by size, with a position of its own', () => {
    using one = small.open();
    using other = small.open();
    expect(one.read(3).toString()).to.equal('caf');
    expect(other.read(1).toString()).to.equal('c');
    expect(one.read(0)).to.have.length(0);
    expect(one.read().toString()).to.equal('é\0');
    expect(one.read(10)).to.have.length(0);
    expect(one.read(-1)).to.have.length(0);
    expect(other.read(Number.POSITIVE_INFINITY).toString()).to.equal('afé\0');
    expect(() => one.read(1.5)).to.throw(TypeError, 'file.read() takes a whole number of bytes, not 1.5');
    expect(fstatSync(one.fd).size).to.equal(6);
  });

  it('is closed once, by `using` or close(), and then not read', () => {
    const opened = small.open();
    opened.close();
    opened.close();
    expect(() => opened.read()).to.throw(TypeError, 'closed');
    expect(() => closeSync(opened.fd)).to.throw(TypeError, 'closed');
    {
      using again = small.open();
      expect(again.read()).to.have.length(6);
    }
    expect(openDescriptors(folder.path)).to.equal(0);
  });

  it('is sent by wsgi.file_wrapper when open, and closed with it', () => {
    const body = fileWrapper(long.open(), 100_000);
    const blocks = [...body].map(({ length }) => length);
    expect(blocks).to.deep.equal([100_000, 100_000, 10_000]);
    body.close?.();
    expect(openDescriptors(folder.path)).to.equal(0);
  });

  it('has no bytes if onFile took them', () => {
    const taken = folder.parseBlocking(file('f', 'n', 'x') + END, { onFile: () => 1 }).files.get('f');
    expect(taken).to.include({ path: undefined, value: 1, size: 1 });
    for (const use of ['bytes', 'text', 'open', 'stream'] as const) {
      expect(() => taken?.[use](), use).to.throw(TypeError, 'use its value');
    }
    expect(() => taken?.save('x')).to.throw(TypeError, 'use its value');
  });
});
