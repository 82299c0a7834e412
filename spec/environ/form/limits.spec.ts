/** lib/environ/form/options.ts: the limits, as multipart/form-data meets them. */
import { expect } from 'chai';
import { ContentTooLarge } from '../../../lib/errors.js';
import { random, rejection, split } from '../bodies.js';
import { END, field, file, TYPE, UploadFolderFixture } from './multipart.js';
import { type EitherOptions, READERS } from './readers.js';

for (const reader of READERS)
  describe(`parseForm of multipart/form-data, ${reader.name}, within`, () => {
    const folder = new UploadFolderFixture(reader);

    describe('limits', () => {
      async function tooLarge(body: string, options: EitherOptions): Promise<string> {
        const error = await rejection(folder.read(body, options));
        expect(error).to.be.instanceOf(ContentTooLarge).and.to.have.property('status', 413);
        return error.message;
      }

      const saved = file('saved', 's', 'on disk by now');
      const two = field('a', '1') + file('f', 'n', '12');

      it('of parts: as many as allowed, and no more, of either kind', async () => {
        await (await folder.read(two + END, { maxParts: 2 })).close();
        for (const third of [field('b', ''), file('g', 'n', ''), file('g', 'n', 'x'.repeat(200_000))]) {
          expect(await tooLarge(two + third + END, { maxParts: 2 })).to.equal(
            'The form has more parts than maxParts allows (2)',
          );
        }
      });

      it('of fields: files are none', async () => {
        await (await folder.read(two + END, { maxFields: 1 })).close();
        expect(await tooLarge(two + field('b', '') + END, { maxFields: 1 })).to.include(
          'maxFields allows (1)',
        );
      });

      it('of the size of a field', async () => {
        const at = (size: number) => saved + field('a', 'x'.repeat(size)) + field('b', '') + END;
        for (const maxFieldSize of [5, 100_000]) {
          const form = await folder.read(at(maxFieldSize), { maxFieldSize });
          expect(form.fields.get('a')).to.have.length(maxFieldSize);
          await form.close();
          expect(await tooLarge(at(maxFieldSize + 1), { maxFieldSize })).to.equal(
            `The field 'a' is longer than maxFieldSize allows (${maxFieldSize} bytes)`,
          );
        }
        expect((await folder.read(field('a', '') + END, { maxFieldSize: 0 })).fields.get('a')).to.equal('');
        // As many bytes as came, whatever they are in UTF-8.
        const latin1 = field('a', '\xe9\xe9', 'Content-Type: text/plain; charset=iso-8859-1') + END;
        expect((await folder.read(latin1, { maxFieldSize: 2 })).fields.get('a')).to.equal('éé');
      });

      it('of the size of all fields together', async () => {
        const options = { maxTotalFieldSize: 6 };
        await (await folder.read(field('ab', 'cd') + saved + field('e', 'f') + END, options)).close();
        expect(await tooLarge(field('ab', 'cd') + saved + field('e', 'fg') + END, options)).to.include(
          'maxTotalFieldSize',
        );
      });

      it('of the size of a name, also of a file', async () => {
        const options = { maxFieldNameSize: 5 };
        await (
          await folder.read(field('12345', '') + file('12345', 'longer name', '') + END, options)
        ).close();
        expect(await tooLarge(saved + field('123456', '') + END, options)).to.include(
          'maxFieldNameSize allows (5 bytes)',
        );
        expect(await tooLarge(saved + file('123456', '', '') + END, options)).to.include('maxFieldNameSize');
      });

      it('of the size of a file', async () => {
        for (const maxFileSize of [20, 200_000]) {
          const at = (size: number) => saved + file('f', 'n', 'x'.repeat(size)) + END;
          const form = await folder.read(at(maxFileSize), { maxFileSize });
          expect(form.files.get('f')?.size).to.equal(maxFileSize);
          await form.close();
          const message = `The file of the field 'f' is longer than maxFileSize allows (${maxFileSize} bytes)`;
          expect(await tooLarge(at(maxFileSize + 1), { maxFileSize })).to.equal(message);
          expect(await tooLarge(at(2 * maxFileSize + 50_000), { maxFileSize })).to.equal(message);
        }
        const empty = await folder.read(file('f', 'n', '') + END, { maxFileSize: 0 });
        expect(empty.files.get('f')?.size).to.equal(0);
        await empty.close();
      });

      it('and what is malformed are told in the order of the body, wherever it is cut', async () => {
        const parts = field('ab', 'cde') + file('f', 'n', 'xyz') + field('c', '') + field('d', '');
        const body = Buffer.from(`${parts}--XX-- no end`);
        const told = async (pieces: Buffer[], options: EitherOptions) => {
          const read = { pieces, short: true };
          return (await rejection(reader.read(read, { onFile: () => {}, ...options }, TYPE))).message;
        };
        for (const [name, least] of [
          ['maxParts', 4],
          ['maxFields', 2],
          ['maxFieldNameSize', 2],
          ['maxFieldSize', 3],
          ['maxTotalFieldSize', 6],
          ['maxFileSize', 3],
        ] as const) {
          for (let limit = 0; limit <= least; limit++) {
            const options = { [name]: limit };
            const whole = await told([body], options);
            expect(whole).to.include(limit < least ? name : 'malformed');
            for (let cut = 1; cut < body.length; cut += 3) {
              const pieces = [body.subarray(0, cut), body.subarray(cut)];
              expect(await told(pieces, options), `${name} ${limit}, cut at ${cut}`).to.equal(whole);
            }
            expect(await told(split(body, 1, random(1)), options)).to.equal(whole);
          }
        }
      });

      it('end the reading of a part that does not end', async () => {
        let read = 0;
        function* endless() {
          for (; read <= 100_000_000; read += 65_536) {
            yield read === 0 ? Buffer.from(file('f', 'n', '').slice(0, -2)) : Buffer.alloc(65_536, 'x');
          }
          throw new Error('read too far');
        }
        const form = folder.read({ pieces: endless() }, { maxFileSize: 1_000_000 });
        expect(await rejection(form)).to.be.instanceOf(ContentTooLarge);
        expect(read).to.be.below(2_000_000);
      });
    });
  });
