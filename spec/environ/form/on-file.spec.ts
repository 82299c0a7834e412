/** lib/environ/form/on-file.ts: files that the caller takes. */
import { Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { FilePart } from '../../../lib/environ/form/file.js';
import { BodyInput } from '../../../lib/environ/input/input.js';
import { ClientDisconnected, ConfigError, ContentTooLarge } from '../../../lib/errors.js';
import { rejection, source } from '../bodies.js';
import { END, field, file, pause, UploadFolderFixture } from './multipart.js';

describe('parseForm of multipart/form-data, with', () => {
  const folder = new UploadFolderFixture();

  describe('onFile', () => {
    it('takes the bytes, and what it returns is the value', async () => {
      const seen: Omit<FilePart, 'stream'>[] = [];
      const body = file('f', 'a.txt', 'one', 'text/plain') + field('x', '1') + file('f', 'b', 'two!') + END;
      const form = await folder.parse(body, {
        onFile: async ({ stream, ...rest }) => {
          seen.push(rest);
          return text(stream);
        },
      });
      expect(seen).to.deep.equal([
        { name: 'f', filename: 'a.txt', contentType: 'text/plain' },
        { name: 'f', filename: 'b', contentType: 'application/octet-stream' },
      ]);
      expect(form.files.getAll('f').map(({ value, size, path }) => [value, size, path])).to.deep.equal([
        ['one', 3, undefined],
        ['two!', 4, undefined],
      ]);
      expect((await rejection(form.files.get('f')?.bytes() as Promise<unknown>)).message).to.include(
        'use its value',
      );
      await form.close();
    });

    it('is called for one file at a time', async () => {
      let running = 0;
      let most = 0;
      const body = Array.from({ length: 5 }, (_, i) => file('f', `${i}`, 'x'.repeat(40_000))).join('');
      await folder.parse(body + END, {
        onFile: async ({ stream }) => {
          most = Math.max(most, ++running);
          await buffer(stream);
          await pause(2);
          running--;
        },
      });
      expect(most).to.equal(1);
    });

    const large =
      file('f', 'a', 'x'.repeat(300_000)) + file('f', 'b', 'y'.repeat(200_000)) + field('after', '1') + END;
    for (const [what, onFile] of [
      ['reads nothing', () => 'done'],
      ['reads nothing and returns later', () => pause(5)],
      [
        'stops reading',
        async ({ stream }: FilePart) => {
          for await (const _block of stream) break;
        },
      ],
      [
        'reads one block and pauses',
        ({ stream }: FilePart) =>
          new Promise((resolve) => {
            stream.once('data', () => {
              stream.pause();
              resolve(1);
            });
          }),
      ],
      ['destroys the stream', ({ stream }: FilePart) => void stream.destroy()],
      [
        'destroys the stream with an error',
        ({ stream }: FilePart) => void stream.destroy(new Error('enough')),
      ],
      ['returns before it has read', ({ stream }: FilePart) => void stream.resume()],
    ] as [string, (part: FilePart) => unknown][]) {
      it(`does not hold up the form when it ${what}`, async () => {
        const form = await folder.parse(large, { onFile });
        expect([...form.files].map(([name, { size }]) => [name, size])).to.deep.equal([
          ['f', 300_000],
          ['f', 200_000],
        ]);
        expect(form.fields.get('after')).to.equal('1');
      });
    }

    it('may go on reading after it returned', async () => {
      const received: Buffer[] = [];
      const slow = new Writable({
        highWaterMark: 10,
        write(chunk, _encoding, callback) {
          received.push(chunk);
          setTimeout(callback, 1);
        },
      });
      const form = await folder.parse(file('f', 'a', 'x'.repeat(300_000)) + END, {
        onFile: ({ stream }) => {
          stream.pipe(slow);
          return 'piped';
        },
      });
      expect(form.files.get('f')).to.include({ value: 'piped', size: 300_000 });
      if (!slow.writableFinished) await new Promise((resolve) => slow.once('finish', resolve));
      expect(Buffer.concat(received)).to.have.length(300_000);
    });

    for (const thrown of [new Error('database'), 'a string', undefined]) {
      it(`rejects the form with what it throws: ${thrown}`, async () => {
        for (const onFile of [
          () => {
            throw thrown;
          },
          () => Promise.reject(thrown),
          async ({ stream }: FilePart) => {
            await buffer(stream);
            throw thrown;
          },
        ]) {
          let called = 0;
          const counted = (part: FilePart) => {
            called++;
            return onFile(part);
          };
          const promise = folder.parse(large, { onFile: counted });
          const outcome = await promise.then(
            () => ({ form: true }),
            (error: unknown) => ({ error }),
          );
          expect(outcome).to.deep.equal({ error: thrown });
          expect(called).to.equal(1);
        }
      });
    }

    it('is the end of the reading when it throws, whatever it began', async () => {
      for (const begin of [
        ({ stream }: FilePart) => void stream.resume(),
        ({ stream }: FilePart) => void stream.on('data', () => {}),
        ({ stream }: FilePart) => void stream[Symbol.asyncIterator]().next(),
      ]) {
        const body = source([file('f', 'a', '').slice(0, -2), ...Array(100).fill('x'.repeat(65_536))]);
        const parts: FilePart[] = [];
        const thrown = new Error('database');
        const promise = folder.parse(new BodyInput(body), {
          onFile: (part) => {
            parts.push(part);
            begin(part);
            throw thrown;
          },
        });
        expect(await rejection(promise)).to.equal(thrown);
        await pause();
        const { pulls } = body;
        await pause(5);
        expect(body.pulls).to.equal(pulls).and.to.be.below(10);
        expect(parts.map(({ stream }) => stream.destroyed)).to.deep.equal([true]);
      }
    });

    it('does not keep a form from failing that is cut short, even if it never returns', async () => {
      const gone = new ClientDisconnected();
      let streamed: unknown;
      const cut = new BodyInput(source([file('f', 'a', 'x'.repeat(100_000)).slice(0, 90_000)], gone));
      const error = await rejection(
        folder.parse(cut, {
          onFile: ({ stream }) => {
            stream.on('error', (streamError) => {
              streamed = streamError;
            });
            stream.resume();
            return new Promise(() => {});
          },
        }),
      );
      expect(error).to.equal(gone);
      await pause();
      expect(streamed).to.equal(gone);
    });

    it('fails in what it reads if the body is cut short', async () => {
      const gone = new ClientDisconnected();
      let streamed: unknown;
      const cut = new BodyInput(source([file('f', 'n', 'x'.repeat(200_000))], gone));
      const onFile = async ({ stream }: FilePart) => {
        await buffer(stream).catch((error) => {
          streamed = error;
        });
      };
      expect(await rejection(folder.parse(cut, { onFile }))).to.equal(gone);
      await pause();
      expect(streamed).to.equal(gone);
    });

    it('fails in what it reads if the form is too large', async () => {
      let streamed: unknown;
      const onFile = async ({ stream }: FilePart) => {
        try {
          await buffer(stream);
        } catch (error) {
          streamed = error;
        }
      };
      const body = file('f', 'n', 'x'.repeat(200_000)) + END;
      await rejection(folder.parse(body, { maxFileSize: 150_000, onFile }));
      await pause();
      expect(streamed).to.be.instanceOf(ContentTooLarge);
    });

    it('goes without uploadDir', async () => {
      const error = await rejection(folder.parse(END, { onFile: () => {}, uploadDir: folder.path }));
      expect(error).to.be.instanceOf(ConfigError);
    });
  });
});
