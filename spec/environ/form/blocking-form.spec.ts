/** lib/environ/form/form.ts: what `parseForm` has in a worker thread alone. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import busboy from 'busboy';
import { expect } from 'chai';
import {
  BlockingForm,
  type BlockingFormEnviron,
  type Form,
  type FormEnviron,
  parseForm,
} from '../../../lib/environ/form/form.js';
import { BlockingBodyInput } from '../../../lib/environ/input/input.js';
import { RequestError } from '../../../lib/errors.js';
import { blockingInput, blockingSource, input, random, split } from '../bodies.js';
import { END, field, file, pause, TYPE, UploadFolderFixture } from './multipart.js';
import { BLOCKING, ON_EVENT_LOOP } from './readers.js';

/** What a form is, or why it is none: for comparing one with another. */
async function outcome(reading: Promise<Form | BlockingForm>) {
  let form: Form | BlockingForm;
  try {
    form = await reading;
  } catch (error) {
    const { name, message, status } = error as RequestError;
    return { name, message, status };
  }
  const files: unknown[] = [];
  for (const [, upload] of form.files) {
    const { name, filename, contentType, size, value } = upload;
    files.push({ name, filename, contentType, size, value, text: await upload.text() });
  }
  await form.close();
  return { fields: [...form.fields], files };
}

describe('parseForm where it blocks', () => {
  const folder = new UploadFolderFixture();
  const content = 'x\r\n--X\r\n\r\n--\r\r\n-\n--XX-\r';
  const body =
    field('a', content) + file('f', 'n', `${content}\r\n`) + file('none', '', '') + field('b', 'é') + END;

  for (const size of [1, 2, 3, 5, 7, 64, 1000]) {
    it(`has the whole form when it returns, of a body in pieces of ${size} bytes`, () => {
      const bytes = Buffer.from(body);
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      const short = blockingInput(...pieces);
      short.read = short.read1;
      const form = folder.parseBlocking(short);
      expect(form).to.be.instanceOf(BlockingForm);
      expect([...form.fields]).to.deep.equal([
        ['a', content],
        ['b', 'é'],
      ]);
      expect([...form.files.keys()]).to.deep.equal(['f']);
      expect(form.files.get('f')?.text()).to.equal(`${content}\r\n`);
      form.close();
      expect(readdirSync(folder.path)).to.deep.equal([]);
    });
  }

  it('throws, and does not reject', () => {
    expect(() => folder.parseBlocking('no form')).to.throw(RequestError, 'malformed');
    expect(() => folder.parseBlocking('', { maxParts: -1 })).to.throw('maxParts must be');
    expect(() => folder.parseBlocking('', {}, 'multipart/form-data')).to.throw('names no boundary');
  });

  it('reads an urlencoded form at once, too', () => {
    const form = folder.parseBlocking('a=1&b=2', {}, 'application/x-www-form-urlencoded');
    expect([...form.fields]).to.deep.equal([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it('reads files larger than any buffer on the way', () => {
    const large = Buffer.alloc(5 << 20);
    for (let at = 0; at < large.length; at++) large[at] = (at * 31 + (at >> 8)) & 0xff;
    const start = Buffer.from(file('f', 'large', '').slice(0, -2));
    const end = Buffer.from(`\r\n${file('g', 'small', 'y')}${field('a', '1')}${END}`);
    const bytes = Buffer.concat([start, large, end]);
    const form = folder.parseBlocking(blockingInput(...split(bytes, 200_000, random(1))));
    expect(form.files.get('f')?.size).to.equal(large.length);
    expect(form.files.get('f')?.bytes().equals(large)).to.equal(true);
    expect(form.files.get('g')?.text()).to.equal('y');
    expect(form.fields.get('a')).to.equal('1');
    form.close();
  });

  it('writes a file as it comes: no more than a block of it is in memory', () => {
    let pulled = 0;
    let most = 0;
    function* pieces() {
      yield Buffer.from(file('f', 'n', '').slice(0, -2));
      for (; pulled < 4 << 20; pulled += 65_536) {
        const [name] = readdirSync(folder.path);
        if (name !== undefined) most = Math.max(most, pulled - statSync(join(folder.path, name)).size);
        yield Buffer.alloc(65_536);
      }
      yield Buffer.from(`\r\n${END}`);
    }
    const upload = folder.parseBlocking(new BlockingBodyInput(blockingSource(pieces())));
    expect(upload.files.get('f')?.size).to.equal(4 << 20);
    expect(most).to.be.within(1, 3 * 65_536);
    upload.close();
  });

  it('removes its files at the end of `using`', () => {
    {
      using form = folder.parseBlocking(file('f', 'a', '1') + END);
      expect(form.files.get('f')?.text()).to.equal('1');
      expect(readdirSync(folder.path)).to.have.length(1);
    }
    expect(readdirSync(folder.path)).to.deep.equal([]);
  });

  it('leaves nothing to happen later: no event, no unhandled rejection', async () => {
    const seen: unknown[] = [];
    const onFault = (error: unknown) => seen.push(error);
    process.on('uncaughtException', onFault).on('unhandledRejection', onFault);
    try {
      folder.parseBlocking(body).close();
      for (const [cut, options] of [
        [body.slice(0, -4), {}],
        [body.slice(0, 200), {}],
        [`${file('f', 'n', 'x'.repeat(200_000))}--XX\r\nno header\r\n\r\n`, {}],
        [body, { maxFileSize: 1 }],
        [body, { maxParts: 1 }],
      ] as const) {
        expect(() => folder.parseBlocking(cut, options)).to.throw(RequestError);
      }
      await pause(5);
    } finally {
      process.off('uncaughtException', onFault).off('unhandledRejection', onFault);
    }
    expect(seen).to.deep.equal([]);
  });

  it('leaves no file behind when one cannot be made', () => {
    const uploadDir = join(folder.path, 'missing');
    expect(() => folder.parseBlocking(file('f', 'a', '1') + END, { uploadDir })).to.throw('ENOENT');
  });

  it('says so when wsgi.input does not block', () => {
    for (const type of [TYPE, 'application/x-www-form-urlencoded']) {
      const promising = { read: async () => Buffer.alloc(0) } as unknown as BlockingBodyInput;
      expect(() => folder.parseBlocking(promising, {}, type)).to.throw(TypeError, 'not a promise');
    }
  });

  it('is awaited by a handler for both kinds of environ', async () => {
    async function handler(environ: FormEnviron | BlockingFormEnviron) {
      await using form = await parseForm(environ, { onFile: ({ filename }) => filename });
      return [form.fields.get('b'), form.files.get('f')?.value, form.constructor.name];
    }
    const bytes = Buffer.from(body);
    const environ = { CONTENT_TYPE: TYPE, 'wsgi.input': input(bytes) };
    expect(await handler(environ)).to.deep.equal(['é', 'n', 'Form']);
    const blocking = { CONTENT_TYPE: TYPE, 'wsgi.input': blockingInput(bytes) };
    const kind = { 'node.nonblocking': false } as const;
    expect(await handler({ ...blocking, ...kind })).to.deep.equal(['é', 'n', 'BlockingForm']);
  });

  describe('agrees with the one on the event loop', () => {
    const where = () => ({ uploadDir: folder.path });

    it('about every body that is cut short, wherever the cut is', async () => {
      for (let cut = 0; cut <= body.length; cut++) {
        const pieces = split(Buffer.from(body, 'latin1').subarray(0, cut), 50, random(cut + 1));
        const read = { pieces, short: true };
        const expected = await outcome(ON_EVENT_LOOP.read(read, where(), TYPE));
        expect(await outcome(BLOCKING.read(read, where(), TYPE)), `cut at ${cut}`).to.deep.equal(expected);
      }
    }).timeout(30_000);

    it('about a header that turns out to be none when the body is over', async () => {
      const read = { pieces: ['--XX\r\nheader\r'] };
      const expected = await outcome(ON_EVENT_LOOP.read(read, where(), TYPE));
      expect(expected).to.have.property('message').that.includes('Malformed part header');
      expect(await outcome(BLOCKING.read(read, where(), TYPE))).to.deep.equal(expected);
    });

    it('about bodies with any byte changed', async () => {
      const next = random(3);
      const good = Buffer.from(body, 'latin1');
      for (let round = 0; round < 300; round++) {
        const bad = Buffer.from(good);
        bad[Math.floor(next() * bad.length)] = Math.floor(next() * 256);
        const read = { pieces: split(bad, 50, next), short: true };
        const expected = await outcome(ON_EVENT_LOOP.read(read, where(), TYPE));
        expect(await outcome(BLOCKING.read(read, where(), TYPE)), `round ${round}`).to.deep.equal(expected);
      }
    }).timeout(30_000);

    it('about every limit', async () => {
      for (const name of [
        'maxParts',
        'maxFields',
        'maxFieldNameSize',
        'maxFieldSize',
        'maxTotalFieldSize',
        'maxFileSize',
      ]) {
        for (let limit = 0; limit < 40; limit++) {
          const options = { ...where(), [name]: limit };
          const read = { pieces: [body] };
          const expected = await outcome(ON_EVENT_LOOP.read(read, options, TYPE));
          expect(await outcome(BLOCKING.read(read, options, TYPE)), `${name} ${limit}`).to.deep.equal(
            expected,
          );
        }
      }
    }).timeout(30_000);
  });
});

/** What urlencoded.ts takes for granted, so that a version that is otherwise is found by name. */
describe('busboy, on which urlencoded forms rest,', () => {
  const parser = () =>
    busboy({ headers: { 'content-type': 'application/x-www-form-urlencoded; charset=latin1' } });

  it('is a Writable that tells all pairs of a block within write(), as native strings', () => {
    const pairs: string[] = [];
    const one = parser().on('field', (name, value) => pairs.push(`${name}: ${value}`));
    expect(one).to.be.instanceOf(Writable);
    one.write(Buffer.from('.a=1&.%C3%A9\xe9+=%25zz&.&.=&.%41&', 'latin1'));
    expect(pairs).to.deep.equal(['.a: 1', '.\xc3\xa9\xe9 : %zz', '.: ', '.: ', '.A: ']);
    expect(one.writableLength).to.equal(0);
  });

  it('lets an error of a listener out of write()', () => {
    const thrown = new Error('too many');
    const one = parser().on('field', () => {
      throw thrown;
    });
    expect(() => one.write('a=1&')).to.throw(thrown);
  });
});
