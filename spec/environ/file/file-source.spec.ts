/** lib/environ/file/file-source.ts: the files and streams of Node, as `wsgi.file_wrapper` takes them. */
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import { fileWrapper } from '../../../lib/environ/file/file-wrapper.js';
import { until } from '../../support/until.js';
import { blocks, openDescriptors, rejection } from '../bodies.js';

const LINUX = process.platform === 'linux';

describe('wsgi.file_wrapper', () => {
  let folder = '';
  let path = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'file-source-'));
    path = join(folder, 'ten');
    writeFileSync(path, '0123456789');
  });

  after(() => rmSync(folder, { recursive: true }));

  describe('with a FileHandle', () => {
    it('sends from its current position to its end, and closes it', async () => {
      const handle = await open(path);
      await handle.read(Buffer.alloc(3), 0, 3);
      const wrapper = fileWrapper(handle, 4);
      expect(await blocks(wrapper)).to.deep.equal(['3456', '789']);
      await wrapper.close?.();
      await wrapper.close?.();
      expect(openDescriptors(folder)).to.equal(0);
    });

    it('cannot be iterated with for', async () => {
      const handle = await open(path);
      expect(() => [...fileWrapper(handle)]).to.throw(TypeError, 'for await');
      expect(String((await handle.read(Buffer.alloc(1), 0, 1)).buffer)).to.equal('0');
      await handle.close();
    });

    it('knows how many bytes follow', async function () {
      if (!LINUX) this.skip();
      const handle = await open(path);
      const wrapper = fileWrapper(handle);
      expect(wrapper.size()).to.equal(10);
      await wrapper.next(3);
      expect(wrapper.size()).to.equal(7);
      const reading = wrapper.next(3);
      expect(wrapper.size(), 'while it reads').to.equal(undefined);
      await reading;
      await wrapper.next(100);
      expect(wrapper.size()).to.equal(0);
      await wrapper.close?.();
      expect(wrapper.size(), 'closed').to.equal(undefined);
    });

    it('closes while it reads, without a leak', async () => {
      const wrapper = fileWrapper(await open(path));
      const block = wrapper.next(4);
      await wrapper.close?.();
      expect(String(await block)).to.equal('0123');
      expect(openDescriptors(folder)).to.equal(0);
    });

    it('does not know the size of what is no regular file, or lies about it', async function () {
      if (!LINUX) this.skip();
      for (const special of ['/dev/zero', '/proc/self/status']) {
        const wrapper = fileWrapper(await open(special));
        expect(wrapper.size(), special).to.equal(undefined);
        expect(await wrapper.next(5), special).to.have.length(5);
        await wrapper.close?.();
      }
    });
  });

  describe('with a ReadStream', () => {
    it('sends what it reads, in blocks of no more than was asked for, and closes it', async () => {
      const wrapper = fileWrapper(createReadStream(path, { highWaterMark: 4 }), 3);
      expect((await blocks(wrapper)).join('|')).to.equal('012|3|456|7|89');
      await wrapper.close?.();
      expect(openDescriptors(folder)).to.equal(0);
    });

    it('closes it before it is open, while it reads, and at its end', async () => {
      await fileWrapper(createReadStream(path)).close?.();
      expect(openDescriptors(folder)).to.equal(0);

      const reading = fileWrapper(createReadStream(path));
      const block = Promise.resolve(reading.next(4)).catch((error: unknown) => error);
      await reading.close?.();
      await block;
      expect(openDescriptors(folder)).to.equal(0);

      const quiet = fileWrapper(createReadStream(path, { emitClose: false }));
      await quiet.next(1);
      await quiet.close?.();

      const ended = fileWrapper(createReadStream(path));
      await blocks(ended);
      await ended.close?.();
      await ended.close?.();
      await until(() => openDescriptors(folder) === 0, 'the end of all files');
    });

    it('fails when the file cannot be opened, and only then', async () => {
      const wrapper = fileWrapper(createReadStream(join(folder, 'missing')));
      expect(wrapper.size()).to.equal(undefined);
      // An event 'error' that nobody heard would end the process.
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await rejection(blocks(wrapper))).to.have.property('code', 'ENOENT');
      await wrapper.close?.();
    });

    it('refuses text', async () => {
      const wrapper = fileWrapper(createReadStream(path, { encoding: 'utf8' }));
      expect(wrapper.size()).to.equal(undefined);
      expect((await rejection(blocks(wrapper))).message).to.include('read as text');
      await wrapper.close?.();
    });

    for (const [options, size] of [
      [{}, 10],
      [{ start: 3 }, 7],
      [{ start: 3, end: 5 }, 3],
      [{ end: 4 }, 5],
      [{ end: 100 }, 10],
      [{ start: 20 }, 0],
    ] as const) {
      it(`knows how many bytes follow, with ${JSON.stringify(options)}`, async () => {
        const stream = createReadStream(path, options);
        const wrapper = fileWrapper(stream);
        expect(wrapper.size(), 'before it is open').to.equal(size);
        await once(stream, 'ready');
        if (LINUX || 'start' in options) expect(wrapper.size(), 'open').to.equal(size);
        expect((await blocks(wrapper)).join('')).to.have.length(size);
        await wrapper.close?.();
        expect(wrapper.size(), 'closed').to.equal(undefined);
      });
    }

    it('counts what it read ahead', async () => {
      const wrapper = fileWrapper(createReadStream(path, { start: 1, highWaterMark: 4 }));
      await wrapper.next(3);
      expect(wrapper.size()).to.equal(6);
      await wrapper.next(3);
      const rest = wrapper.size();
      if (rest !== undefined) expect((await blocks(wrapper)).join('')).to.have.length(rest);
      await wrapper.close?.();
    });

    it('starts where the descriptor that it was given stands', async () => {
      const handle = await open(path);
      await handle.read(Buffer.alloc(3), 0, 3);
      const stream = handle.createReadStream();
      const wrapper = fileWrapper(stream);
      if (LINUX) expect(wrapper.size()).to.equal(7);
      expect((await blocks(wrapper)).join('')).to.equal('3456789');
      await wrapper.close?.();
    });

    it('does not guess once somebody else reads it', async () => {
      const stream = createReadStream(path);
      await once(stream, 'ready');
      stream.once('readable', () => {});
      expect(fileWrapper(stream).size()).to.equal(undefined);
      stream.destroy();
    });
  });

  describe('with any other stream', () => {
    it('waits where read() would give null for "not yet"', async () => {
      const stream = new PassThrough();
      const wrapper = fileWrapper(stream, 100);
      expect(wrapper.size()).to.equal(undefined);
      const all = blocks(wrapper);
      await new Promise((resolve) => setImmediate(resolve));
      stream.write('ab');
      await new Promise((resolve) => setImmediate(resolve));
      stream.end('cd');
      expect((await all).join('')).to.equal('abcd');
      await wrapper.close?.();
    });

    it('fails when the stream does', async () => {
      const stream = new Readable({ read: () => stream.destroy(new Error('broken')) });
      expect((await rejection(blocks(fileWrapper(stream)))).message).to.equal('broken');
    });
  });
});
