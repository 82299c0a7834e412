/** An archive that is written and read again; one that a kill has cut; lists of requests; what is no archive. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../../lib/errors.js';
import { INLINE_BYTES, MemoryBody, NO_BODY, Spool } from '../../../lib/porting/archive/bodies.js';
import { EntryStream } from '../../../lib/porting/archive/entry-stream.js';
import { MessageLog } from '../../../lib/porting/archive/message-log.js';
import { ArchiveWriter } from '../../../lib/porting/archive/write.js';
import type { FinishedExchange } from '../../../lib/porting/archive/write-entry.js';
import type { Fields, StoredBody } from '../../../lib/porting/exchange.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { bytesOf, exchangesIn, textOf } from './exchanges.js';

interface Given {
  readonly method?: string;
  readonly target?: string;
  readonly fields?: Fields;
  readonly body?: StoredBody;
  readonly status?: number;
  readonly answerFields?: Fields;
  readonly content?: StoredBody;
}

function finished({
  method = 'GET',
  target = '/',
  fields = [],
  body = NO_BODY,
  ...given
}: Given = {}): FinishedExchange {
  return {
    started: new Date('2026-01-02T03:04:05.678Z'),
    scheme: 'http',
    authority: '127.0.0.1:8080',
    requestVersion: '1.1',
    request: { method, target, fields, body },
    answer: {
      status: given.status ?? 200,
      reason: 'Fine',
      version: '1.0',
      fields: given.answerFields ?? [],
      trailers: [],
      body: given.content ?? NO_BODY,
      times: { head: 1.5, first: 2, last: 4 },
    },
    time: 4,
  };
}

const memory = (content: string | Buffer, end = {}) =>
  new MemoryBody(typeof content === 'string' ? Buffer.from(content) : content, end);

describe('an HTTP Archive', () => {
  let path: string;

  beforeEach(() => {
    path = join(temporaryFolder(), 'traffic.har');
  });
  afterEach(removeTemporaryFolders);

  const written = (...exchanges: FinishedExchange[]) => {
    const writer = new ArchiveWriter(path);
    for (const exchange of exchanges) writer.add(exchange);
    writer.close();
    return exchangesIn(path);
  };

  it('gives back heads: order, case, repeated fields, the target as it was sent', async () => {
    const fields = [
      ['hOst', 'a.example'],
      ['X-A', '1'],
      ['Accept', ''],
      ['x-a', 'caf\xe9'],
    ] as const;
    const given = finished({
      method: 'PURGE',
      target: '/a//../%7e?b=%20&c#',
      fields,
      answerFields: fields,
      status: 299,
    });
    const [exchange] = await written(given);
    expect(exchange?.request).to.deep.include({ method: 'PURGE', target: '/a//../%7e?b=%20&c#', fields });
    expect(exchange?.answer).to.deep.include({ status: 299, reason: 'Fine', version: '1.0', fields });
    expect(exchange?.answer?.times).to.deep.equal({ head: 1.5, first: 2, last: 4 });
    expect(exchange?.started).to.deep.equal(given.started);
  });

  for (const target of ['*', 'http://other.example/a?b', 'example.com:443']) {
    it(`gives back the target ${target}`, async () => {
      const [exchange] = await written(finished({ method: 'OPTIONS', target }));
      expect(exchange?.request.target).to.equal(target);
    });
  }

  const all = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
  const bodies: readonly [what: string, type: string, bytes: Buffer][] = [
    ['text', 'text/plain', Buffer.from('a"\\\n\0é𝄞')],
    ['bytes', 'application/octet-stream', all],
    ['UTF-8 under another name', 'text/plain; charset=iso-8859-1', Buffer.from('é')],
    ['Latin-1', 'text/html; charset="ISO-8859-1"', Buffer.from('\xe9\xff', 'latin1')],
    ['a mark of UTF-8', 'text/plain', Buffer.from('\ufeffa')],
    ['nothing', 'text/plain', Buffer.alloc(0)],
  ];
  for (const [what, type, bytes] of bodies) {
    it(`gives back bodies of ${what}`, async () => {
      const fields = [['Content-Type', type]] as const;
      const [exchange] = await written(
        finished({
          method: 'POST',
          fields,
          body: memory(bytes),
          answerFields: fields,
          content: memory(bytes),
        }),
      );
      expect(await bytesOf(exchange?.request.body)).to.deep.equal(bytes);
      expect(await bytesOf(exchange?.answer?.body)).to.deep.equal(bytes);
      expect(exchange?.answer?.body.missing).to.equal(false);
    });
  }

  it('keeps a content coding, with its bytes', async () => {
    const answerFields = [
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '3'],
    ] as const;
    const [exchange] = await written(finished({ answerFields, content: memory(Buffer.from([31, 139, 8])) }));
    expect(exchange?.answer?.fields).to.deep.equal(answerFields);
    expect([...(await bytesOf(exchange?.answer?.body))]).to.deep.equal([31, 139, 8]);
  });

  it('says which bodies were cut, and which are missing', async () => {
    const [cut, missing] = await written(
      finished({ method: 'POST', body: memory('', { cut: true }), content: memory('a', { cut: true }) }),
      finished({ content: memory('ab', { missing: true }) }),
    );
    expect(cut?.request.body.cut).to.equal(true);
    expect(cut?.answer?.body).to.include({ cut: true, missing: false });
    expect(missing?.answer?.body).to.include({ cut: false, missing: true, size: 2 });
  });

  it('has no answer where there was none', async () => {
    const { answer: _none, ...rest } = finished();
    const [exchange] = await written({ ...rest, failure: 'ECONNREFUSED' });
    expect(exchange).to.not.have.property('answer');
  });

  it('puts a large body into a file beside it, and finds it there', async () => {
    const writer = new ArchiveWriter(path);
    const spool = new Spool(() => writer.filePath(writer.nextNumber(), 'response'));
    const block = Buffer.alloc(INLINE_BYTES / 2 + 1, 'x');
    for (let n = 0; n < 3; n++) spool.write(block);
    writer.add(finished({ content: spool.finish() }));
    writer.close();
    const text = readFileSync(path, 'utf8');
    expect(text).to.include('"_file":"traffic.har.d/000001-response.bin"').and.to.have.length.below(2000);
    const [exchange] = await exchangesIn(path);
    expect(exchange?.answer?.body.size).to.equal(3 * block.length);
    expect((await bytesOf(exchange?.answer?.body)).equals(Buffer.concat([block, block, block]))).to.equal(
      true,
    );
  });

  it('writes a conversation as Chromium does, one that is larger than memory may hold too', async () => {
    const writer = new ArchiveWriter(path);
    const log = new MessageLog(() => writer.filePath(7, 'messages'));
    const started = Date.parse('2026-01-02T03:04:05.678Z');
    log.add('client', 'é', started + 2.5);
    log.add('server', Buffer.from([0, 255]), started + 3);
    const long = 'x'.repeat(INLINE_BYTES);
    log.add('server', long, started + 4);
    writer.add({ ...finished({ status: 101 }), close: { code: 4000, reason: 'enough' } }, log);
    writer.add(finished({ target: '/after' }));
    writer.close();
    const [exchange, after] = await exchangesIn(path);
    expect(exchange?.conversation).to.deep.include({ closeCode: 4000, closeReason: 'enough' });
    expect(exchange?.conversation?.messages.map(({ from, data }) => [from, data])).to.deep.equal([
      ['client', 'é'],
      ['server', Buffer.from([0, 255])],
      ['server', long],
    ]);
    expect(exchange?.conversation?.messages[0]?.time).to.be.closeTo(1, 0.1);
    expect(after?.request.target).to.equal('/after');
    const entry = JSON.parse(readFileSync(path, 'utf8')).log.entries[0];
    expect(entry).to.include({ _resourceType: 'websocket' });
    expect(entry.request.url).to.equal('ws://127.0.0.1:8080/');
    expect(entry._webSocketMessages[1]).to.include({ type: 'receive', opcode: 2, data: 'AP8=' });
  });

  it('is complete JSON after every entry', () => {
    const writer = new ArchiveWriter(path, { comment: 'a "comment"' });
    for (let count = 0; count < 3; count++) {
      const { log } = JSON.parse(readFileSync(path, 'utf8'));
      expect(log).to.include({ version: '1.2', comment: 'a "comment"' });
      expect(log.entries).to.have.length(count);
      writer.add(finished());
    }
    writer.close();
  });

  it('is read up to where it is cut, wherever that is', async () => {
    await written(finished({ target: '/1' }), finished({ target: '/2', content: memory('"}]{\\') }));
    const text = readFileSync(path);
    const second = text.indexOf('\n', text.indexOf('"/1"') + 300) + 1;
    for (const length of [text.length - 2, text.length - 4, text.length - 40, second + 100, second]) {
      writeFileSync(path, text.subarray(0, length));
      const skipped: string[] = [];
      const read = await exchangesIn(path, skipped);
      expect(read[0]?.request.target, `${length}`).to.equal('/1');
      expect(skipped.join()).to.match(/it ends in the middle: the [12] entries before that are complete/);
    }
  });

  it('is not overwritten without being told', () => {
    writeFileSync(path, 'precious');
    expect(() => new ArchiveWriter(path)).to.throw(
      ConfigError,
      /traffic\.har exists: choose another name.*--overwrite/,
    );
    expect(readFileSync(path, 'utf8')).to.equal('precious');
    new ArchiveWriter(path, { overwrite: true }).close();
    expect(JSON.parse(readFileSync(path, 'utf8')).log.entries).to.deep.equal([]);
  });

  it('cannot be made in a folder that does not exist', () => {
    expect(() => new ArchiveWriter(join(path, 'x', 'y.har'))).to.throw(
      ConfigError,
      /Cannot write .*there is no folder/,
    );
  });

  it('reads no file that is not beside it', async () => {
    for (const file of ['/etc/passwd', '../secret', 'a/../../secret']) {
      const entry = {
        request: { method: 'GET', url: 'http://a/' },
        response: { status: 200, content: { _file: file } },
      };
      writeFileSync(path, JSON.stringify({ log: { entries: [entry] } }));
      let fault: unknown;
      await exchangesIn(path).catch((error: unknown) => {
        fault = error;
      });
      expect(fault).to.be.instanceOf(ConfigError);
      expect(String(fault)).to.include('which is not beside it');
    }
  });

  it('builds a form of which it has the fields alone', async () => {
    const entry = (mimeType: string, params: object[]) => ({
      request: { method: 'POST', url: 'http://a/', postData: { mimeType, params } },
    });
    const urlencoded = entry('application/x-www-form-urlencoded', [
      { name: 'a b', value: 'é&' },
      { name: 'c', value: '%20' },
    ]);
    const multipart = entry('multipart/form-data; boundary=X', [
      { name: 'a', value: 'b' },
      { name: 'f', fileName: 'n.txt', contentType: 'text/plain', value: 'v' },
    ]);
    writeFileSync(path, JSON.stringify({ log: { entries: [urlencoded, multipart] } }));
    const [first, second] = await exchangesIn(path);
    expect(await textOf(first?.request.body)).to.equal('a+b=%C3%A9%26&c=%20');
    expect(await textOf(second?.request.body)).to.equal(
      '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' +
        '--X\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\nv\r\n--X--\r\n',
    );
  });

  it('says which entries it leaves out', async () => {
    const entries = [
      { request: { method: 'GET', url: 'data:text/plain,a' } },
      { request: { url: 'http://a/' } },
      7,
    ];
    writeFileSync(path, JSON.stringify({ log: { entries } }));
    const skipped: string[] = [];
    expect(await exchangesIn(path, skipped)).to.deep.equal([]);
    expect(skipped).to.deep.equal([
      'entry 1 is left out: "data:text/plain,a" is not a URL of http, https, ws or wss',
      'entry 2 is left out: it has no method',
    ]);
  });
});

describe('the entries of an archive', () => {
  const json = JSON.stringify({
    before: { log: { entries: [{ no: 1 }] }, entries: ['no'] },
    log: {
      entriesnot: [{ no: 2 }],
      pages: [{ entries: [{ no: 3 }] }],
      entries: [{ a: 'x"]}\\', b: [{ c: {} }, []] }, {}, { d: 'é\\"' }],
      comment: '{',
    },
  });

  for (const size of [1, 2, 3, 7, 1000]) {
    it(`are found in blocks of ${size}`, () => {
      const stream = new EntryStream();
      const bytes = Buffer.from(json);
      const found: unknown[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        // Bytes of a block may be used for the next one.
        const block = Buffer.from(bytes.subarray(at, at + size));
        for (const text of stream.push(block)) found.push(JSON.parse(text));
        block.fill(0);
      }
      expect(found).to.deep.equal([{ a: 'x"]}\\', b: [{ c: {} }, []] }, {}, { d: 'é\\"' }]);
      expect(stream).to.include({ complete: true, found: true });
    });
  }

  it('are found whatever is in them, wherever blocks end', function () {
    this.timeout(30_000);
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '{', ']', ',', ':', 'é', 'a', '\n') });
    const entry = fc.dictionary(text, fc.oneof(text, fc.array(text), fc.dictionary(text, text)));
    fc.assert(
      fc.property(
        fc.array(entry),
        text,
        entry,
        fc.integer({ min: 1, max: 40 }),
        (entries, key, other, size) => {
          const bytes = Buffer.from(JSON.stringify({ [key]: other, log: { [key]: other, entries }, z: key }));
          const stream = new EntryStream();
          const found: unknown[] = [];
          for (let at = 0; at < bytes.length; at += size) {
            for (const json of stream.push(bytes.subarray(at, at + size))) found.push(JSON.parse(json));
          }
          expect(found).to.deep.equal(JSON.parse(JSON.stringify(entries)));
          expect(stream.complete).to.equal(true);
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('a list of requests', () => {
  afterEach(removeTemporaryFolders);

  const read = (text: string) => exchangesIn(join(temporaryFolder({ 'requests.txt': text }), 'requests.txt'));
  const fault = async (text: string) => {
    try {
      await read(text);
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      return (error as Error).message;
    }
    throw new Error('it was read');
  };

  it('has one a line; comments, empty lines and a missing method are allowed', async () => {
    const text =
      '\ufeff# what users do\r\nGET /a?b=c\r\n\n  /d  \nDELETE\t/e HTTP/1.1\nGET http://a.example/f#g\nOPTIONS *\nHEAD /h';
    const requests = (await read(text)).map(({ request }) => `${request.method} ${request.target}`);
    expect(requests).to.deep.equal(['GET /a?b=c', 'GET /d', 'DELETE /e', 'GET /f', 'OPTIONS *', 'HEAD /h']);
  });

  it('has neither answers nor times', async () => {
    const [exchange] = await read('GET /');
    expect(Object.keys(exchange ?? {})).to.deep.equal(['request']);
    expect(exchange?.request.fields).to.deep.equal([]);
  });

  for (const line of ['GET a', 'get /', 'GET /a b', 'GET', 'GET /a HTTP/1.1 200', '<html>']) {
    it(`is not ${JSON.stringify(line)}`, async () => {
      expect(await fault(`# first\n${line}\n`)).to.match(
        /requests\.txt:2: .* is not a request\. Write one on each line/,
      );
    });
  }

  it('needs percent-encoded targets', async () => {
    expect(await fault('GET /café')).to.include('percent-encode them');
  });

  it('is not empty', async () => {
    expect(await fault('')).to.match(/is empty/);
  });

  it('is not another kind of JSON, nor a file that is missing', async () => {
    expect(await fault('{"openapi": "3.0"}')).to.match(
      /is JSON, but not an HTTP Archive: it has no log\.entries/,
    );
    await exchangesIn('/nowhere/at/all.har').then(
      () => expect.fail('it was read'),
      (error: Error) => expect(error.message).to.include('there is no such file'),
    );
  });
});
