/** lib/environ/form-limits.ts, as multipart/form-data meets them. */
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import type { FormOptions } from '../../lib/environ/form.js';
import type { FilePart } from '../../lib/environ/form-file.js';
import { BodyInput } from '../../lib/environ/input.js';
import { ContentTooLarge } from '../../lib/errors.js';
import { rejection } from './bodies.js';
import { END, field, file, pause, UploadFolderFixture } from './multipart.js';

describe('parseForm of multipart/form-data, within', () => {
  const folder = new UploadFolderFixture();

  describe('limits', () => {
    async function tooLarge(body: string, options: FormOptions): Promise<string> {
      const error = await rejection(folder.parse(body, options));
      expect(error).to.be.instanceOf(ContentTooLarge).and.to.have.property('status', 413);
      return error.message;
    }

    const saved = file('saved', 's', 'on disk by now');
    const two = field('a', '1') + file('f', 'n', '12');

    it('of parts: as many as allowed, and no more, of either kind', async () => {
      await (await folder.parse(two + END, { maxParts: 2 })).close();
      for (const third of [field('b', ''), file('g', 'n', ''), file('g', 'n', 'x'.repeat(200_000))]) {
        expect(await tooLarge(two + third + END, { maxParts: 2 })).to.equal(
          'The form has more parts than maxParts allows (2)',
        );
      }
    });

    it('of fields: files are none', async () => {
      await (await folder.parse(two + END, { maxFields: 1 })).close();
      expect(await tooLarge(two + field('b', '') + END, { maxFields: 1 })).to.include('maxFields allows (1)');
    });

    it('of the size of a field', async () => {
      const at = (size: number) => saved + field('a', 'x'.repeat(size)) + field('b', '') + END;
      for (const maxFieldSize of [5, 100_000]) {
        const form = await folder.parse(at(maxFieldSize), { maxFieldSize });
        expect(form.fields.get('a')).to.have.length(maxFieldSize);
        await form.close();
        expect(await tooLarge(at(maxFieldSize + 1), { maxFieldSize })).to.equal(
          `The field 'a' is longer than maxFieldSize allows (${maxFieldSize} bytes)`,
        );
      }
      expect((await folder.parse(field('a', '') + END, { maxFieldSize: 0 })).fields.get('a')).to.equal('');
      // As many bytes as came, whatever they are in UTF-8.
      const latin1 = field('a', '\xe9\xe9', 'Content-Type: text/plain; charset=iso-8859-1') + END;
      expect((await folder.parse(latin1, { maxFieldSize: 2 })).fields.get('a')).to.equal('éé');
    });

    it('of the size of all fields together', async () => {
      const options = { maxTotalFieldSize: 6 };
      await (await folder.parse(field('ab', 'cd') + saved + field('e', 'f') + END, options)).close();
      expect(await tooLarge(field('ab', 'cd') + saved + field('e', 'fg') + END, options)).to.include(
        'maxTotalFieldSize',
      );
    });

    it('of the size of a name, also of a file', async () => {
      const options = { maxFieldNameSize: 5 };
      await (
        await folder.parse(field('12345', '') + file('12345', 'longer name', '') + END, options)
      ).close();
      expect(await tooLarge(saved + field('123456', '') + END, options)).to.include(
        'maxFieldNameSize allows (5 bytes)',
      );
      expect(await tooLarge(saved + file('123456', '', '') + END, options)).to.include('maxFieldNameSize');
    });

    it('of the size of a file', async () => {
      for (const maxFileSize of [20, 200_000]) {
        const at = (size: number) => saved + file('f', 'n', 'x'.repeat(size)) + END;
        const form = await folder.parse(at(maxFileSize), { maxFileSize });
        expect(form.files.get('f')?.size).to.equal(maxFileSize);
        await form.close();
        const message = `The file of the field 'f' is longer than maxFileSize allows (${maxFileSize} bytes)`;
        expect(await tooLarge(at(maxFileSize + 1), { maxFileSize })).to.equal(message);
        expect(await tooLarge(at(2 * maxFileSize + 50_000), { maxFileSize })).to.equal(message);
      }
      const empty = await folder.parse(file('f', 'n', '') + END, { maxFileSize: 0 });
      expect(empty.files.get('f')?.size).to.equal(0);
      await empty.close();
    });

    it('fail what onFile reads', async () => {
      let streamed: unknown;
      const onFile = async ({ stream }: FilePart) => {
        try {
          await buffer(stream);
        } catch (error) {
          streamed = error;
        }
      };
      await tooLarge(file('f', 'n', 'x'.repeat(200_000)) + END, { maxFileSize: 150_000, onFile });
      await pause();
      expect(streamed).to.be.instanceOf(ContentTooLarge);
    });

    it('end the reading of a part that does not end', async () => {
      let read = 0;
      const endless = new BodyInput({
        pull: async () => {
          read += 65_536;
          if (read > 100_000_000) throw new Error('read too far');
          return read === 65_536 ? Buffer.from(file('f', 'n', '').slice(0, -2)) : Buffer.alloc(65_536, 'x');
        },
      });
      expect(await rejection(folder.parse(endless, { maxFileSize: 1_000_000 }))).to.be.instanceOf(
        ContentTooLarge,
      );
      expect(read).to.be.below(2_000_000);
    });
  });
});
