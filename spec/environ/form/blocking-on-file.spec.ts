/** lib/environ/form/on-file.ts: files that the caller takes in a worker thread. */
import { expect } from 'chai';
import type { BlockingFilePart, BlockingFileStream } from '../../../lib/environ/form/file.js';
import { BlockingBodyInput } from '../../../lib/environ/input/input.js';
import { ClientDisconnected, ConfigError, ContentTooLarge, RequestError } from '../../../lib/errors.js';
import { blockingInput, blockingSource, random, split } from '../bodies.js';
import { END, field, file, pause, UploadFolderFixture } from './multipart.js';

describe('parseForm where it blocks, with onFile,', () => {
  const folder = new UploadFolderFixture();
  const large =
    file('f', 'a', 'x'.repeat(300_000)) + file('f', 'b', 'y'.repeat(200_000)) + field('after', '1') + END;

  it('gives it the bytes, and what it returns is the value', () => {
    const seen: unknown[] = [];
    const body = file('f', 'a.txt', 'one', 'text/plain') + field('x', '1') + file('f', 'b', 'two!') + END;
    const form = folder.parseBlocking(body, {
      onFile: ({ stream, ...rest }) => {
        seen.push(rest);
        return stream.read().toString();
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
    form.close();
  });

  it('is read by size, in pieces of any size, or iterated', () => {
    for (const longest of [1, 2, 11, 64]) {
      const text = 'abcdefghij'.repeat(20);
      const bytes = Buffer.from(file('f', 'n', text) + file('g', 'n', text) + END);
      const input = blockingInput(...split(bytes, longest, random(longest)));
      input.read = input.read1;
      const form = folder.parseBlocking(input, {
        onFile: ({ name, stream }) => {
          if (name === 'g') return Buffer.concat([stream.read(1), ...stream]).toString();
          const parts = [stream.read(0), stream.read(15), stream.read(100), stream.read(), stream.read()];
          return parts.map((part) => part.toString());
        },
      });
      expect(form.files.get('f')?.value).to.deep.equal([
        '',
        text.slice(0, 15),
        text.slice(15, 115),
        text.slice(115),
        '',
      ]);
      expect(form.files.get('g')?.value).to.equal(text);
    }
  });

  it('reads on in wsgi.input only as it reads', () => {
    let pulled = 0;
    function* pieces() {
      yield Buffer.from(file('f', 'n', '').slice(0, -2));
      for (; pulled < 8 << 20; pulled += 65_536) yield Buffer.alloc(65_536);
      yield Buffer.from(`\r\n${END}`);
    }
    let most = 0;
    const form = folder.parseBlocking(new BlockingBodyInput(blockingSource(pieces())), {
      onFile: ({ stream }) => {
        let taken = 0;
        most = pulled;
        for (const block of stream) {
          taken += block.length;
          most = Math.max(most, pulled - taken);
        }
        return taken;
      },
    });
    expect(form.files.get('f')).to.include({ value: 8 << 20, size: 8 << 20 });
    expect(most).to.be.below(3 * 65_536);
  });

  for (const [what, onFile] of [
    ['reads nothing', () => 'done'],
    ['reads a little', ({ stream }) => stream.read(10)],
    [
      'stops iterating',
      ({ stream }) => {
        for (const _block of stream) break;
      },
    ],
    ['reads all', ({ stream }) => stream.read().length],
  ] as [string, (part: BlockingFilePart) => unknown][]) {
    it(`goes on to the next file and field when it ${what}`, () => {
      const form = folder.parseBlocking(large, { onFile });
      expect([...form.files].map(([name, { size }]) => [name, size])).to.deep.equal([
        ['f', 300_000],
        ['f', 200_000],
      ]);
      expect(form.fields.get('after')).to.equal('1');
    });
  }

  it('lets it stop iterating and read the rest', () => {
    const form = folder.parseBlocking(large, {
      onFile: ({ stream }) => {
        for (const block of stream) return block.length + stream.read().length;
        return 0;
      },
    });
    expect(form.files.getAll('f').map(({ value }) => value)).to.deep.equal([300_000, 200_000]);
  });

  it('leaves out a file input that was left empty', () => {
    const seen: string[] = [];
    const body = file('none', '', '') + file('empty', 'e.txt', '') + file('unnamed', '', 'x') + END;
    folder.parseBlocking(body, { onFile: ({ name, stream }) => seen.push(name, stream.read().toString()) });
    expect(seen).to.deep.equal(['empty', '', 'unnamed', 'x']);
  });

  it('does not let the bytes be read later, when they are gone', () => {
    const kept: BlockingFileStream[] = [];
    folder.parseBlocking(large, { onFile: ({ stream }) => kept.push(stream) });
    expect(() => kept[0]?.read(1)).to.throw(TypeError, 'onFile has returned');
    expect(() => [...(kept[1] as BlockingFileStream)]).to.throw(TypeError, 'onFile has returned');
  });

  it('refuses a function that is not done when it returns', async () => {
    const late = async ({ stream }: BlockingFilePart) => {
      await pause();
      stream.read();
    };
    // The promise rejects, for it reads too late; nobody is told of that but of the cause.
    expect(() => folder.parseBlocking(large, { onFile: late })).to.throw(TypeError, 'returned a promise');
    await pause(5);
  });

  for (const thrown of [new Error('database'), 'a string', undefined]) {
    it(`throws what it throws, and leaves nothing behind: ${thrown}`, () => {
      for (const read of [0, 10, undefined]) {
        let called = 0;
        let caught: unknown[] = [];
        try {
          folder.parseBlocking(large, {
            onFile: ({ stream }) => {
              called++;
              stream.read(read);
              throw thrown;
            },
          });
        } catch (error) {
          caught = [error];
        }
        expect(caught).to.deep.equal([thrown]);
        expect(called).to.equal(1);
      }
    });
  }

  /** What it sees, and what parseForm throws though it caught that. */
  function failures(input: string | BlockingBodyInput, options = {}): unknown[] {
    const seen: unknown[] = [];
    const onFile = ({ stream }: BlockingFilePart) => {
      for (let again = 0; again < 2; again++) {
        try {
          stream.read();
        } catch (error) {
          seen.push(error);
        }
      }
    };
    try {
      folder.parseBlocking(input, { ...options, onFile });
    } catch (error) {
      seen.push(error);
    }
    return seen;
  }

  it('fails in what it reads, and altogether, if the body is cut short', () => {
    const gone = new ClientDisconnected();
    const source = blockingSource([file('f', 'n', 'x'.repeat(200_000)).slice(0, 150_000)], gone);
    expect(failures(new BlockingBodyInput(source))).to.deep.equal([gone, gone, gone]);
    const [first, second, third] = failures(file('f', 'n', 'x'.repeat(200_000)).slice(0, 150_000));
    expect(first).to.be.instanceOf(RequestError).with.property('message').that.includes('Unexpected end');
    expect([second, third]).to.deep.equal([first, first]);
  });

  it('fails in what it reads, and altogether, if the form is too large', () => {
    const body = file('f', 'n', 'x'.repeat(200_000)) + END;
    const [first, ...more] = failures(body, { maxFileSize: 150_000 });
    expect(first).to.be.instanceOf(ContentTooLarge);
    expect(more).to.deep.equal([first, first]);
  });

  it('fails though it was done, if what follows is malformed', () => {
    const body = `${file('f', 'n', 'x'.repeat(200_000))}--XX\r\nno header\r\n\r\n`;
    const seen = failures(body);
    expect(seen.at(-1)).to.be.instanceOf(RequestError).and.to.have.property('status', 400);
  });

  it('is not called again once the form has failed, though it caught that', () => {
    const names: string[] = [];
    const body = `${file('f', 'n', 'x'.repeat(200_000)) + file('g', 'n', 'y')}--XX\r\nno header\r\n\r\n`;
    const onFile = ({ name, stream }: BlockingFilePart) => {
      names.push(name);
      try {
        stream.read();
      } catch {
        // It goes on as if nothing were.
      }
    };
    expect(() => folder.parseBlocking(body, { onFile })).to.throw(RequestError, 'Malformed part header');
    expect(names).to.deep.equal(['f']);
  });

  it('goes without uploadDir', () => {
    expect(() => folder.parseBlocking(END, { onFile: () => {}, uploadDir: folder.path })).to.throw(
      ConfigError,
    );
  });
});
