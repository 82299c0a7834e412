/** lib/util/index.ts: what `wsgi/util` and `wsgi/headers` hold. */
import { expect } from 'chai';
import { FileWrapper } from '../../lib/environ/file/file-wrapper.js';
import * as headers from '../../lib/headers.js';
import * as util from '../../lib/util/index.js';

/** 150 bytes, as CPython's test_wsgiref has them. */
class File {
  closed = 0;
  #left = 150;

  read(size: number): Buffer {
    const block = Buffer.alloc(Math.min(size, this.#left), 'x');
    this.#left -= block.length;
    return block;
  }

  close(): void {
    this.closed++;
  }
}

describe('wsgi/util', () => {
  it('has the names of wsgiref.util, demoApp and formatDateTime', () => {
    expect(Object.keys(util).sort()).to.deep.equal([
      'FileWrapper',
      'applicationUri',
      'demoApp',
      'formatDateTime',
      'guessScheme',
      'isHopByHop',
      'requestUri',
      'setupTestingDefaults',
      'shiftPathInfo',
    ]);
  });

  it('has the FileWrapper of the gateway', () => expect(util.FileWrapper).to.equal(FileWrapper));

  it('D-T30: reads 150 bytes as 120 and 30, and closes the file when asked to', () => {
    const file = new File();
    const wrapper = new util.FileWrapper(file, 120);
    expect([...wrapper].map((block) => block.length)).to.deep.equal([120, 30]);
    expect(file.closed).to.equal(0);
    wrapper.close?.();
    expect(file.closed).to.equal(1);
  });
});

describe('wsgi/headers', () => {
  it('has Headers', () => expect(Object.keys(headers)).to.deep.equal(['Headers']));
});
