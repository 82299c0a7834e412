/** lib/environ/form/file.ts and temporary-files.ts: the files of a form. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { BodyInput } from '../../../lib/environ/input/input.js';
import { rejection } from '../bodies.js';
import { END, field, file, part, pause, TYPE, UploadFolderFixture } from './multipart.js';
import { READERS } from './readers.js';

for (const reader of READERS)
  describe(`parseForm of multipart/form-data, ${reader.name}`, () => {
    const folder = new UploadFolderFixture(reader);

    describe('files', () => {
      it('go to temporary files that only this user can read, and that close() removes', async () => {
        const form = await folder.read(
          field('a', '1') + file('f', 'photo.png', 'content', 'image/png') + END,
        );
        const [upload] = form.files.getAll('f');
        expect(upload).to.include({
          name: 'f',
          filename: 'photo.png',
          contentType: 'image/png',
          size: 7,
          value: undefined,
        });
        const path = upload?.path as string;
        expect(dirname(path)).to.equal(folder.path);
        expect(path).not.to.include('photo');
        if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).to.equal(0o600);
        expect(readFileSync(path, 'utf8')).to.equal('content');
        expect([...form.fields]).to.deep.equal([['a', '1']]);
        await form.close();
        expect(existsSync(path)).to.equal(false);
        await form.close();
      });

      it('go to a folder of their own by default, which is removed too', async () => {
        const body = file('f', 'a', '1') + file('f', 'b', '2') + END;
        const form = await reader.read({ pieces: [body] }, {}, TYPE);
        const [first, second] = form.files.getAll('f').map(({ path }) => path as string);
        const own = dirname(first as string);
        expect(dirname(second as string)).to.equal(own);
        expect(dirname(own)).to.equal(tmpdir());
        if (process.platform !== 'win32') expect(statSync(own).mode & 0o777).to.equal(0o700);
        await form.close();
        expect(existsSync(own)).to.equal(false);
      });

      it('that the application moved stay where they are', async () => {
        const form = await folder.read(file('f', 'a', '1') + END);
        const moved = join(folder.path, 'moved');
        renameSync(form.files.get('f')?.path as string, moved);
        await form.close();
        expect(readFileSync(moved, 'utf8')).to.equal('1');
        rmSync(moved);
      });

      for (const [sent, filename] of [
        ['../../etc/passwd', 'passwd'],
        ['C:\\dir\\a.txt', 'a.txt'],
        ['/a/b/', ''],
        ['..', ''],
        ['a\\"b', 'a"b'],
        ['caf\xc3\xa9.txt', 'café.txt'],
        ['a%22b', 'a%22b'],
      ] as const) {
        it(`sent as ${sent} are called ${JSON.stringify(filename)}`, async () => {
          const form = await folder.read(file('f', sent, 'x') + END);
          expect(form.files.get('f')?.filename).to.equal(filename);
          await form.close();
        });
      }

      it('may have a name in the extended notation', async () => {
        const form = await folder.read(
          part(
            `form-data; name="f"; filename="x"; filename*=UTF-8''%E3%81%82%2Fb`,
            'x',
            'Content-Type: text/plain',
          ) + END,
        );
        expect(form.files.get('f')).to.include({ filename: 'b', contentType: 'text/plain' });
        await form.close();
      });

      it('are what the client gave no type, or only a type', async () => {
        const form = await folder.read(
          part('form-data; name="a"; filename="n"', 'x') +
            part('form-data; name="b"', 'y', 'Content-Type: application/octet-stream') +
            END,
        );
        expect(form.files.get('a')).to.include({ filename: 'n', contentType: 'text/plain', size: 1 });
        expect(form.files.get('b')).to.include({
          filename: '',
          contentType: 'application/octet-stream',
          size: 1,
        });
        await form.close();
      });

      it('that a browser sends for an input left empty are left out; an empty file is not', async () => {
        const seen: string[] = [];
        const body =
          file('none', '', '') +
          file('empty', 'e.txt', '') +
          file('unnamed', '', 'x') +
          field('a', '1') +
          END;
        const form = await folder.read(body);
        expect([...form.files].map(([name, { size }]) => [name, size])).to.deep.equal([
          ['empty', 0],
          ['unnamed', 1],
        ]);
        expect(readdirSync(folder.path)).to.have.length(2);
        expect([...form.fields]).to.deep.equal([['a', '1']]);
        await form.close();
        await folder.read(body, { onFile: ({ name }) => seen.push(name) });
        expect(seen).to.deep.equal(['empty', 'unnamed']);
      });

      it('may be many', async () => {
        const names = Array.from({ length: 500 }, (_, i) => `f${i}`);
        const form = await folder.read(names.map((name) => file(name, 'n', name)).join('') + END);
        expect([...form.files.keys()]).to.deep.equal(names);
        expect(await form.files.get('f499')?.text()).to.equal('f499');
        await form.close();
      });

      it('cannot go to a folder that is not there', async () => {
        const error = await rejection(
          folder.read(file('f', 'a', '1') + END, { uploadDir: join(folder.path, 'missing') }),
        );
        expect(error).to.have.property('code', 'ENOENT');
      });
    });
  });

describe('parseForm of multipart/form-data, on the event loop', () => {
  const folder = new UploadFolderFixture();

  describe('files', () => {
    it('are removed at the end of `await using`', async () => {
      const form = await folder.parse(file('f', 'a', '1') + END);
      expect(readdirSync(folder.path)).to.have.length(1);
      await form[Symbol.asyncDispose]();
      expect(readdirSync(folder.path)).to.deep.equal([]);
    });

    it('can be read in each way, and saved', async () => {
      const form = await folder.parse(file('f', 'a', 'caf\xc3\xa9\0') + END);
      const upload = form.files.get('f');
      expect(upload?.size).to.equal(6);
      expect(await upload?.bytes()).to.deep.equal(Buffer.from('café\0'));
      expect(await upload?.text()).to.equal('café\0');
      const handle = await upload?.open();
      expect(await handle?.readFile('utf8')).to.equal('café\0');
      await handle?.close();
      if (upload !== undefined) expect(await text(upload.stream())).to.equal('café\0');
      const saved = join(folder.path, 'saved');
      await upload?.save(saved);
      await form.close();
      expect(readFileSync(saved, 'utf8')).to.equal('café\0');
      rmSync(saved);
    });
  });

  describe('of a large upload', () => {
    const MIB = 1024 * 1024;

    /** Counts what was read of it. */
    function upload(size: number): { body: BodyInput; read: () => number } {
      const block = Buffer.alloc(65_536, 'x');
      let read = 0;
      const ends = [Buffer.from(`\r\n${END}`)];
      const body = new BodyInput({
        pull: async () => {
          if (read === 0) {
            read += block.length;
            return Buffer.concat([Buffer.from(file('f', 'large', '').slice(0, -2)), block]);
          }
          if (read === size) return ends.pop() ?? null;
          read += block.length;
          return block;
        },
      });
      return { body, read: () => read };
    }

    it('stores 64 MiB in a file, and reads on only as fast as that is written', async function () {
      this.timeout(60_000);
      const { body, read } = upload(64 * MIB);
      let most = 0;
      let looks = 0;
      const timer = setInterval(() => {
        const [name] = readdirSync(folder.path);
        if (name === undefined) return;
        most = Math.max(most, read() - statSync(join(folder.path, name)).size);
        looks++;
      }, 1);
      const form = await folder.parse(body);
      clearInterval(timer);
      expect(form.files.get('f')?.size).to.equal(64 * MIB);
      expect(statSync(form.files.get('f')?.path as string).size).to.equal(64 * MIB);
      expect(looks).to.be.above(10);
      expect(most).to.be.below(512 * 1024);
      await form.close();
    });

    it('reads on only as fast as onFile does', async function () {
      this.timeout(60_000);
      const { body, read } = upload(8 * MIB);
      let taken = 0;
      let most = 0;
      const form = await folder.parse(body, {
        onFile: async ({ stream }) => {
          await pause(30);
          most = Math.max(most, read());
          await pipeline(
            stream,
            new Writable({
              write(chunk: Buffer, _encoding, callback) {
                taken += chunk.length;
                most = Math.max(most, read() - taken);
                setTimeout(callback, taken % (64 * 4096) === 0 ? 3 : 0);
              },
            }),
          );
        },
      });
      expect(form.files.get('f')?.size).to.equal(8 * MIB);
      expect(taken).to.equal(8 * MIB);
      expect(most).to.be.below(512 * 1024);
    });
  });
});
