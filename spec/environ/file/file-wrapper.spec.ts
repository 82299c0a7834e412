/** lib/environ/file/file-wrapper.ts: PEP 3333 "Optional Platform-Specific File Handling". */
import { expect } from 'chai';
import sinon from 'sinon';
import { FileWrapper, fileWrapper } from '../../../lib/environ/file/file-wrapper.js';
import type { Bytes } from '../../../lib/environ/types.js';
import { blocks, input, rejection } from '../bodies.js';

/** A file in memory, as Python's BytesIO. */
class MemoryFile {
  position = 0;
  readonly sizes: number[] = [];
  readonly #bytes: Buffer;

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
  }

  read(size: number): Buffer {
    this.sizes.push(size);
    const block = this.#bytes.subarray(this.position, this.position + size);
    this.position += block.length;
    return block;
  }
}

class SlowFile {
  readonly #file: MemoryFile;

  constructor(text: string) {
    this.#file = new MemoryFile(text);
  }

  async read(size: number): Promise<Buffer> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.#file.read(size);
  }
}

describe('wsgi.file_wrapper', () => {
  it('is called without new, and gives an instance that the gateway knows', () => {
    const file = new MemoryFile('x');
    const wrapper = fileWrapper(file, 5);
    expect(wrapper).to.be.instanceOf(FileWrapper);
    expect(wrapper).to.include({ file, blockSize: 5 });
    expect(fileWrapper(file).blockSize).to.equal(8192);
  });

  it('yields what read(blockSize) gives until it is empty', () => {
    const file = new MemoryFile('x'.repeat(150));
    expect([...fileWrapper(file, 120)].map((block) => block.length)).to.deep.equal([120, 30]);
    expect(file.sizes).to.deep.equal([120, 120, 120]);
  });

  it('reads nothing before it is iterated', () => {
    const file = new MemoryFile('x');
    const wrapper = fileWrapper(file);
    wrapper[Symbol.iterator]();
    wrapper[Symbol.asyncIterator]();
    expect(wrapper.size()).to.equal(undefined);
    expect(file.sizes).to.deep.equal([]);
  });

  it('goes on where an iteration was left', async () => {
    const wrapper = fileWrapper(new MemoryFile('abcdef'), 2);
    for (const block of wrapper) {
      expect(block.toString()).to.equal('ab');
      break;
    }
    expect(await blocks(wrapper)).to.deep.equal(['cd', 'ef']);
  });

  for (const end of [null, undefined, new Uint8Array(0)]) {
    it(`takes ${end === null ? 'null' : typeof end} for the end`, () => {
      const results = [new Uint8Array([1]), end];
      expect([...fileWrapper({ read: () => results.shift() })]).to.have.length(1);
    });
  }

  for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
    it(`throws for a block size of ${JSON.stringify(size)} (${size})`, () => {
      expect(() => fileWrapper(new MemoryFile(''), size as number)).to.throw(RangeError, 'block size');
    });
  }

  for (const file of [
    '/path',
    Buffer.from('bytes'),
    null,
    undefined,
    5,
    {},
    { read: 'no' },
    new Blob(['x']),
  ]) {
    it(`throws for what cannot be read, such as ${Object.prototype.toString.call(file)}`, () => {
      expect(() => fileWrapper(file as object)).to.throw(
        TypeError,
        'takes an object with a method read(size)',
      );
    });
  }

  for (const read of ['text', '', 5, {}, [1], new ArrayBuffer(1)]) {
    it(`throws when read() returns ${Object.prototype.toString.call(read)} ${String(read)}`, async () => {
      const message = typeof read === 'string' ? 'read as text' : 'not bytes';
      expect(() => [...fileWrapper({ read: () => read })]).to.throw(TypeError, message);
      expect((await rejection(blocks(fileWrapper({ read: async () => read })))).message).to.include(message);
    });
  }

  it('passes on what read() throws', async () => {
    const error = new Error('disk');
    const read = () => {
      throw error;
    };
    expect(() => [...fileWrapper({ read })]).to.throw(error);
    expect(await rejection(blocks(fileWrapper({ read: async () => read() })))).to.equal(error);
  });

  describe('with a file that reads asynchronously', () => {
    it('is iterated with for await', async () => {
      expect(await blocks(fileWrapper(new SlowFile('abcde'), 2))).to.deep.equal(['ab', 'cd', 'e']);
      expect(await blocks(fileWrapper(new MemoryFile('abcde'), 2))).to.deep.equal(['ab', 'cd', 'e']);
    });

    it('says so when it is iterated with for', async () => {
      expect(() => [...fileWrapper(new SlowFile('a'))]).to.throw(TypeError, 'for await');
      const read = () => Promise.reject(new Error('not to be left unhandled'));
      expect(() => [...fileWrapper({ read })]).to.throw(TypeError, 'for await');
      await new Promise((resolve) => setImmediate(resolve));
    });

    it('may be a request body', async () => {
      expect(await blocks(fileWrapper(input('abc', 'de'), 2))).to.deep.equal(['ab', 'cd', 'e']);
    });
  });

  describe('#next', () => {
    it('reads up to the size that the gateway asks for, synchronously if the file does', () => {
      const wrapper = fileWrapper(new MemoryFile('abcdef'), 1);
      expect(String(wrapper.next(4))).to.equal('abcd');
      expect(String(wrapper.next(4))).to.equal('ef');
      expect(wrapper.next(4)).to.equal(null);
      expect(wrapper.next(4)).to.equal(null);
    });

    it('returns a promise if the file does', async () => {
      const wrapper = fileWrapper(new SlowFile('abcdef'), 1);
      const first = wrapper.next(4);
      expect(first).to.be.instanceOf(Promise);
      expect(String(await first)).to.equal('abcd');
      expect(String(await wrapper.next(4))).to.equal('ef');
      expect(await wrapper.next(4)).to.equal(null);
    });
  });

  describe('#close', () => {
    it('is there if and only if the file has one', () => {
      expect('close' in fileWrapper(new MemoryFile(''))).to.equal(false);
      expect(fileWrapper(new MemoryFile('')).close).to.equal(undefined);
      expect('close' in fileWrapper({ read: () => null, close: 5 })).to.equal(false);
      expect(fileWrapper({ read: () => null, close() {} }).close).to.be.a('function');
    });

    it('closes the file once, as its method, and gives back what that gives', async () => {
      const file = { read: () => null, close: sinon.fake.resolves('done') };
      const wrapper = fileWrapper(file);
      const first = wrapper.close?.();
      expect(wrapper.close?.()).to.equal(first);
      expect(await first).to.equal('done');
      expect(file.close.callCount).to.equal(1);
      expect(file.close.firstCall.thisValue).to.equal(file);
      expect(file.close.firstCall.args).to.deep.equal([]);
    });

    it('closes once also if that throws', () => {
      const file = { read: () => null, close: sinon.fake.throws(new Error('no')) };
      const wrapper = fileWrapper(file);
      expect(() => wrapper.close?.()).to.throw('no');
      wrapper.close?.();
      expect(file.close.callCount).to.equal(1);
    });

    it('does not close by being iterated', () => {
      const file = Object.assign(new MemoryFile('abc'), { close: sinon.fake() });
      for (const _block of fileWrapper(file, 1)) break;
      expect([...fileWrapper(file, 1)]).to.have.length(2);
      expect(file.close.callCount).to.equal(0);
    });

    for (const outcome of ['ends', 'fails']) {
      it(`waits for a read that is under way, whether it ${outcome} or not`, async () => {
        const events: string[] = [];
        let settle = () => {};
        const read = () =>
          new Promise<Bytes>((resolve, reject) => {
            settle = () => {
              events.push('read');
              if (outcome === 'ends') resolve(new Uint8Array(1));
              else reject(new Error('disk'));
            };
          });
        const wrapper = fileWrapper({ read, close: () => events.push('close') });
        const block = Promise.resolve(wrapper.next(1)).catch(() => {});
        const closed = wrapper.close?.();
        expect(closed).to.be.instanceOf(Promise);
        expect(wrapper.close?.()).to.equal(closed);
        await new Promise((resolve) => setImmediate(resolve));
        expect(events).to.deep.equal([]);
        settle();
        await closed;
        await block;
        expect(events).to.deep.equal(['read', 'close']);
      });
    }
  });
});
