/** `cgi`: forms as CPython 3.11 reads them, blocking and on the event loop, within limits. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BlockingBodyInput, BodyInput } from '../../lib/environ/input/input.js';
import { ContentTooLarge, RequestError } from '../../lib/errors.js';
import {
  type Field,
  FieldStorage,
  type FieldStorageOptions,
  type MultipartParameters,
  parse_header,
  parse_multipart,
  TemporaryFile,
} from '../../lib/stdlib/cgi.js';
import { KeyError } from '../../lib/stdlib/errors.js';
import { BytesIO, StringIO } from '../../lib/stdlib/io.js';
import { blockingSource, source } from '../environ/bodies.js';
import { checkAll, difference, type Exception, expectedOf, outcomeOf } from './recorded.js';
import { type Case, casesOf, decode } from './vectors.js';

const LARGE_FIELD: Exception = {
  why: 'a field that is no upload stays in memory, which maxFieldSize bounds: its file is a StringIO',
  is: ({ body, out }) =>
    JSON.stringify(out ?? null).includes('"temporary file"') &&
    !JSON.stringify(out ?? null).includes('"big"') &&
    body !== undefined,
  count: 1,
};
const ATTRIBUTE_ERROR: Exception = {
  why: 'an AttributeError of Python (a string has no decode()) is a TypeError',
  is: ({ err }) => err?.type === 'AttributeError',
  count: 1,
};

function optionsOf({ environ = [], body, kw = {} }: Case): FieldStorageOptions {
  return {
    fp: new BytesIO(decode(body) as Buffer),
    environ: Object.fromEntries(environ as [string, string][]),
    ...(kw as FieldStorageOptions),
  };
}

/** As the record has it. */
function recordOf(form: FieldStorage): unknown {
  const keys = form.keys().sort((a, b) => (String(a) < String(b) ? -1 : 1));
  const eachOf = (get: (key: string | null) => unknown) => new Map(keys.map((key) => [key, get(key)]));
  const missing = [
    form.getvalue('nope'),
    form.getvalue('nope', 'd'),
    form.getfirst('nope'),
    form.getlist('nope'),
    'nope' in form,
  ];
  return {
    list: form.list?.map(recordOfField),
    keys,
    len: form.length,
    getvalue: eachOf((key) => form.getvalue(key)),
    getfirst: eachOf((key) => form.getfirst(key)),
    getlist: eachOf((key) => form.getlist(key)),
    missing,
  };
}

function recordOfField(field: Field): unknown {
  const { name, filename, value, type, type_options, disposition, disposition_options, file } = field;
  const kind = file instanceof TemporaryFile ? 'temporary file' : (file?.constructor.name ?? null);
  return { name, filename, value, type, type_options, disposition, disposition_options, file: kind };
}

/** Dicts as Maps: a key may be null. */
function decodeMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeMaps);
  if (typeof value !== 'object' || value === null || 'b64' in value) return decode(value);
  if ('pairs' in value)
    return new Map((value.pairs as [unknown, unknown][]).map(([key, one]) => [key, decodeMaps(one)]));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decodeMaps(one)]));
}

function fieldStorageProblem(one: Case): string | undefined {
  const found = outcomeOf(() => recordOf(new FieldStorage(optionsOf(one))));
  return difference(found, expectedOf(one.err === undefined ? one.out : { err: one.err }, decodeMaps));
}

function expected({ out, err }: Case): unknown {
  return expectedOf(err === undefined ? out : { err }, decodeMaps);
}

const cases = casesOf('cgi');
const of = (name: string) => cases.filter(({ fn }) => fn === name);

describe('wsgi/stdlib/cgi', () => {
  it('parse_header does what CPython recorded', () => {
    checkAll(of('parse_header'), [], (one) =>
      difference(
        outcomeOf(() => parse_header(one.args?.[0] as string)),
        expected(one),
      ),
    );
  });

  it('parse_multipart does what CPython recorded', () => {
    checkAll(of('parse_multipart'), [ATTRIBUTE_ERROR], (one) => {
      const pdict = Object.fromEntries(
        (one['pdict'] as [string, unknown][]).map(([key, value]) => [key, decode(value)]),
      );
      const fp = new BytesIO(decode(one['body']) as Buffer);
      return difference(
        outcomeOf(() => parse_multipart(fp, pdict as unknown as MultipartParameters)),
        expected(one),
      );
    });
  });

  it('FieldStorage does what CPython recorded', () => {
    checkAll(of('FieldStorage'), [LARGE_FIELD], fieldStorageProblem);
  });

  it('FieldStorage.read does the same on the event loop, wherever the body is cut', async () => {
    const wrong: string[] = [];
    for (const one of of('FieldStorage')) {
      const options = optionsOf(one);
      const body = decode(one['body']) as Buffer;
      const whole = outcomeOf(() => recordOf(new FieldStorage(optionsOf(one))));
      for (const size of [1, 7, 1 << 16]) {
        const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
          body.subarray(i * size, (i + 1) * size),
        );
        // What is longer than Content-Length is no part of such an input.
        const fp = new BodyInput(source(pieces));
        let form: unknown;
        try {
          form = recordOf(await FieldStorage.read({ ...options, fp }));
        } catch (error) {
          form = error;
        }
        const found = outcomeOf(() => {
          if (form instanceof Error) throw form;
          return form;
        });
        const different = difference(found, whole);
        if (different !== undefined) wrong.push(`${JSON.stringify(one.environ)} ${size}: ${different}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});

const MULTIPART = { REQUEST_METHOD: 'POST', CONTENT_TYPE: 'multipart/form-data; boundary=XX' };
const POST = { REQUEST_METHOD: 'POST', CONTENT_TYPE: 'application/x-www-form-urlencoded' };

function part(disposition: string, content: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`--XX\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
}

function formOf(body: Buffer | string, options: FieldStorageOptions = {}): FieldStorage {
  const environ = typeof body === 'string' ? POST : MULTIPART;
  return new FieldStorage({ fp: new BytesIO(Buffer.from(body)), environ, ...options });
}

describe('FieldStorage', () => {
  it('takes the arguments of Python, by position and by name', () => {
    const environ = { REQUEST_METHOD: 'GET', QUERY_STRING: 'a=1&b=' };
    const fp = () => new BytesIO();
    expect(new FieldStorage({ fp: fp(), environ, keep_blank_values: 1 }).keys()).to.deep.equal(['a', 'b']);
    expect(new FieldStorage(fp(), null, Buffer.alloc(0), environ).keys()).to.deep.equal(['a']);
    expect(new FieldStorage(fp(), null, Buffer.alloc(0), environ, true).keys()).to.deep.equal(['a', 'b']);
    expect(new FieldStorage(fp(), { environ, keep_blank_values: true }).keys()).to.deep.equal(['a', 'b']);
    expect(() => new FieldStorage({ environ, keep_blanks: 1 } as object)).to.throw(
      TypeError,
      'no argument keep_blanks',
    );
    expect(() => new FieldStorage({ fp: 'a=1' as unknown as BytesIO, environ: POST })).to.throw(
      TypeError,
      'not a string',
    );
  });

  it('reads wsgi.input of environ where it is given no file', () => {
    const environ = { ...POST, 'wsgi.input': new BytesIO(Buffer.from('a=1')) };
    expect(new FieldStorage({ environ }).getvalue('a')).to.equal('1');
  });

  it('has its fields as items', () => {
    const form = formOf('a=1&a=2&b=3');
    expect((form['b'] as Field).value).to.equal('3');
    expect((form['a'] as Field[]).map(({ value }) => value)).to.deep.equal(['1', '2']);
    expect(['a' in form, 'c' in form, 'keys' in form]).to.deep.equal([true, false, false]);
    expect([...form]).to.deep.equal(['a', 'b']);
    expect(Object.keys(form)).to.deep.equal(['a', 'b']);
    expect(() => form['c']).to.throw(KeyError, 'c');
    expect(() => form.item('c')).to.throw(KeyError, 'c');
    expect(form.item('b')).to.equal(form['b']);
  });

  it('lets a field come before an attribute, but not before a method, list or length', async () => {
    const names = [
      'name',
      'file',
      'value',
      'getvalue',
      'list',
      'length',
      'then',
      '__proto__',
      'constructor',
      'toString',
    ];
    const form = formOf(names.map((name) => `${name}=sent`).join('&'));
    const values = (['name', 'file', 'value', '__proto__'] as const).map(
      (name) => (form[name] as unknown as Field).value,
    );
    expect(values).to.deep.equal(['sent', 'sent', 'sent', 'sent']);
    expect(form.getvalue).to.equal(FieldStorage.prototype.getvalue);
    expect(form).to.be.instanceOf(FieldStorage);
    expect([form.list?.length, form.length]).to.deep.equal([names.length, names.length]);
    for (const name of names) expect([form.getvalue(name), name in form], name).to.deep.equal(['sent', true]);
    expect(({} as Record<string, unknown>)['sent']).to.equal(undefined);
    expect((await FieldStorage.read({ fp: new BytesIO(Buffer.from('a=1')), environ: POST })).length).to.equal(
      1,
    );
  });

  it('says what to write on the event loop, before it reads anything', () => {
    let pulled = 0;
    const fp = new BodyInput({
      async pull() {
        pulled++;
        return null;
      },
    });
    for (const environ of [POST, MULTIPART, { REQUEST_METHOD: 'GET' }]) {
      expect(() => new FieldStorage({ fp, environ })).to.throw(TypeError, 'await FieldStorage.read(...)');
      expect(() => new FieldStorage({ environ: { ...environ, 'wsgi.input': fp } })).to.throw(
        TypeError,
        'await',
      );
    }
    expect(pulled).to.equal(0);
    const other = { read: () => Promise.reject(new Error('late')), readline: async () => Buffer.alloc(0) };
    expect(() => new FieldStorage({ fp: other, environ: POST })).to.throw(
      TypeError,
      'await FieldStorage.read(...)',
    );
  });

  it('blocks in a thread', () => {
    const fp = new BlockingBodyInput(blockingSource([part('name="a"', '1').toString(), '--XX--\r\n']));
    expect(new FieldStorage({ fp, environ: MULTIPART }).getvalue('a')).to.equal('1');
  });

  it('leaves a body that is no form unread', () => {
    const fp = new BytesIO(Buffer.from('{"a": 1}'));
    const environ = { REQUEST_METHOD: 'POST', CONTENT_TYPE: 'application/json', CONTENT_LENGTH: '8' };
    expect(() => new FieldStorage({ fp, environ })).to.throw(
      TypeError,
      'The body is application/json, not a form',
    );
    expect(String(fp.read())).to.equal('{"a": 1}');
    const form = new FieldStorage({
      fp: new BytesIO(Buffer.from('text')),
      environ: { ...environ, CONTENT_LENGTH: 'x' },
    });
    expect([form.value, form.list]).to.deep.equal(['text', null]);
    expect(() => form.keys()).to.throw(TypeError, 'not indexable');
  });

  it('reads a form in a form, and loses what follows it, as Python does', () => {
    const inner =
      'Content-Type: multipart/mixed; boundary=YY\r\nContent-Disposition: form-data; name="in"\r\n\r\n' +
      '--YY\r\nContent-Disposition: file; filename="f"\r\n\r\nhello\r\n--YY--\r\n';
    const body = Buffer.concat([
      part('name="a"', '1'),
      Buffer.from(`--XX\r\n${inner}`),
      part('name="b"', '2'),
      Buffer.from('--XX--\r\n'),
    ]);
    const form = formOf(body);
    expect(form.keys()).to.deep.equal(['a', 'in']);
    const [upload] = (form['in'] as FieldStorage).list ?? [];
    expect(upload?.value).to.deep.equal(Buffer.from('hello'));
  });

  describe('keeps to limits', () => {
    const END = Buffer.from('--XX--\r\n');
    const fails = (body: Buffer | string, options: FieldStorageOptions, message: string) =>
      expect(() => formOf(body, options)).to.throw(ContentTooLarge, message);

    it('of parseForm', () => {
      const two = Buffer.concat([part('name="a"', 'xyz'), part('name="b"', 'xyz'), END]);
      fails(two, { maxParts: 1 }, 'maxParts');
      fails(two, { maxFields: 1 }, 'maxFields');
      fails(two, { maxFieldSize: 2 }, 'maxFieldSize');
      fails(two, { maxTotalFieldSize: 5 }, 'maxTotalFieldSize');
      fails(two, { maxFieldNameSize: 0 }, 'maxFieldNameSize');
      fails(Buffer.concat([part('name="f"; filename="f"', 'xyz'), END]), { maxFileSize: 2 }, 'maxFileSize');
      fails('a=1&b=2', { maxFields: 1 }, 'maxFields');
      fails('a=1&b=234', { maxFieldSize: 2 }, 'maxFieldSize');
      expect(formOf(two).length).to.equal(2);
    });

    it('by default', () => {
      fails('a&'.repeat(1001), { keep_blank_values: true }, 'maxFields allows (1000)');
      fails(`a=${'x'.repeat(500_001)}`, {}, 'maxFieldSize allows (500000 bytes)');
      fails('&'.repeat(7_600_000), {}, 'maxTotalFieldSize');
      fails(Buffer.from(`--XX\r\n\r\n${'x\n'.repeat(300_000)}`), {}, 'maxFieldSize');
    });

    it('in the headers of a part, in front of the first one, and in forms in forms', () => {
      expect(() => formOf(Buffer.from(`--XX\r\n${'A: b\r\n'.repeat(3000)}`))).to.throw(
        RequestError,
        'longer than 16384 bytes',
      );
      expect(formOf(Buffer.from('x'.repeat(1_000_000))).list).to.deep.equal([]);
      const deep = '--XX\r\nContent-Type: multipart/mixed; boundary=XX\r\n\r\n'.repeat(20);
      expect(() => formOf(Buffer.from(deep))).to.throw(RequestError, 'more than 8 forms are in each other');
    });
  });

  describe('with a large upload', () => {
    const CONTENT = Buffer.from('line one\r\nline two\n'.repeat(10_000));
    const BODY = Buffer.concat([
      part('name="f"; filename="C:\\big.txt"', CONTENT),
      Buffer.from('--XX--\r\n'),
    ]);
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'wsgi-cgi-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('writes it to disk, and reads it as a file', async () => {
      for (const read of [
        () => formOf(BODY, { uploadDir: folder }),
        () => FieldStorage.read({ fp: new BodyInput(source([BODY])), environ: MULTIPART, uploadDir: folder }),
      ]) {
        const form = await read();
        const field = form['f'] as FieldStorage;
        const file = field.file as TemporaryFile;
        expect([field.filename, readdirSync(folder).length]).to.deep.equal(['C:\\big.txt', 1]);
        expect(CONTENT.equals(field.value as Buffer)).to.equal(true);
        expect([String(file.readline()), String(file.read(4)), file.tell()]).to.deep.equal([
          'line one\r\n',
          'line',
          14,
        ]);
        expect([file.seek(-9, 2), String(file.read())]).to.deep.equal([CONTENT.length - 9, 'line two\n']);
        file.seek(0);
        expect([...file].length).to.equal(20_000);
        expect(CONTENT.equals(form.getvalue('f') as Buffer)).to.equal(true);
        await form.close();
        expect(existsSync(file.path)).to.equal(false);
        expect(readdirSync(folder)).to.deep.equal([]);
      }
    });

    it('finds a boundary wherever the blocks of the body are cut', () => {
      const head = part('name="f"; filename="f"', '').length - 2;
      for (const filler of ['x', '\n', '\r', '-XX--\n']) {
        for (let size = 65_536 - head - 12; size < 65_536 - head + 4; size++) {
          const content = Buffer.alloc(size, filler);
          const form = formOf(
            Buffer.concat([
              part('name="f"; filename="f"', content),
              part('name="a"', '1'),
              Buffer.from('--XX--'),
            ]),
          );
          expect(content.equals(form.getvalue('f') as Buffer), `${filler} ${size}`).to.equal(true);
          expect(form.getvalue('a')).to.equal('1');
          form.close();
        }
      }
    });

    it('leaves nothing of a form that fails', async () => {
      const body = Buffer.concat([BODY.subarray(0, -8), part('name="a"', 'long'), Buffer.from('--XX--')]);
      fails(() => formOf(body, { uploadDir: folder, maxFieldSize: 2 }));
      const fp = new BodyInput(source([body]));
      const failed = await FieldStorage.read({
        fp,
        environ: MULTIPART,
        uploadDir: folder,
        maxFieldSize: 2,
      }).catch((error) => error);
      expect(failed).to.be.instanceOf(ContentTooLarge);
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it('keeps a small one, and text, in memory', () => {
      const form = formOf(
        Buffer.concat([
          part('name="f"; filename="f"', 'x'.repeat(1000)),
          part('name="t"', 'é'),
          Buffer.from('--XX--'),
        ]),
      );
      expect((form['f'] as FieldStorage).file).to.be.instanceOf(BytesIO);
      const text = (form['t'] as FieldStorage).file;
      expect(text)
        .to.be.instanceOf(StringIO)
        .and.to.equal((form['t'] as FieldStorage).file);
      expect(text?.read()).to.equal('é');
    });

    function fails(call: () => unknown): void {
      expect(call).to.throw(ContentTooLarge);
    }
  });
});

describe('parse_multipart', () => {
  it('gives a promise for the input of the event loop', async () => {
    const body = Buffer.concat([
      part('name="a"', '1'),
      part('name="f"; filename="f"', Buffer.alloc(2000)),
      Buffer.from('--XX--'),
    ]);
    const pdict = { boundary: Buffer.from('XX'), 'CONTENT-LENGTH': body.length };
    const expected = { a: ['1'], f: [Buffer.alloc(2000)] };
    expect({ ...(await parse_multipart(new BodyInput(source([body])), pdict)) }).to.deep.equal(expected);
    expect({ ...parse_multipart(new BytesIO(body), pdict, { encoding: 'latin-1' }) }).to.deep.equal(expected);
  });
});
