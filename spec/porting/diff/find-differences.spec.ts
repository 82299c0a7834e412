/** What differs between two answers: heads, cookies, redirects, codings, cuts, streams, conversations. */
import zlib from 'node:zlib';
import { expect } from 'chai';
import type { Conversation } from '../../../lib/porting/exchange.js';
import { answerOf, bodyOf, differ } from '../answers.js';

const HTML = 'text/html; charset=utf-8';

describe('findDifferences', () => {
  it('finds nothing in two answers that are alike', async () => {
    const answer = { type: HTML, fields: [['ETag', '"1"']] as const, body: '<p>Hello' };
    expect(await differ(answer, { ...answer })).to.deep.equal([]);
  });

  it('finds status, and reason if the status is the same', async () => {
    expect(await differ({}, { status: 404, reason: 'Not Found' })).to.deep.equal(['status: 200 | 404']);
    expect(await differ({}, { reason: 'Fine' })).to.deep.equal(['reason: OK | Fine']);
  });

  it('finds that one side failed, and takes the same failure for alike', async () => {
    expect(await differ({ status: 204 }, { failure: 'ECONNRESET' })).to.deep.equal([
      'failure: answered 204 | ECONNRESET',
    ]);
    expect(await differ({ failure: 'ECONNRESET' }, { failure: 'ECONNRESET' })).to.deep.equal([]);
    expect(await differ({ failure: 'timed out after 30 s' }, { failure: 'ECONNRESET' })).to.have.length(1);
  });

  describe('header fields', () => {
    it('have no case and no order of names, and Date and Server are aside', async () => {
      const original = [
        ['X-One', '1'],
        ['Date', 'now'],
        ['X-Two', '2'],
        ['Server', 'WSGIServer'],
      ] as const;
      const candidate = [
        ['x-two', '2'],
        ['X-ONE', '1'],
        ['Server', 'wsgi'],
      ] as const;
      expect(await differ({ fields: original }, { fields: candidate })).to.deep.equal([]);
      expect(await differ({ fields: original }, { fields: candidate }, { wire: true })).to.deep.equal([]);
    });

    it('differ by value, and by what is missing or empty', async () => {
      const original = [
        ['X-One', '1'],
        ['X-Two', ''],
        ['x-three', '3'],
      ] as const;
      const candidate = [
        ['X-One', '2'],
        ['X-Four', '4'],
      ] as const;
      expect(await differ({ fields: original }, { fields: candidate })).to.deep.equal([
        'header X-One: 1 | 2',
        'header X-Two:  | -',
        'header X-Three: 3 | -',
        'header X-Four: - | 4',
      ]);
    });

    it('keep the order of one name that is repeated', async () => {
      const fields = (...values: string[]) => ({ fields: values.map((value) => ['X-Tag', value] as const) });
      expect(await differ(fields('a', 'b'), fields('a', 'b'))).to.deep.equal([]);
      expect(await differ(fields('a', 'b'), fields('b', 'a'))).to.deep.equal(['header X-Tag: a, b | b, a']);
      expect(await differ(fields('a', 'b'), fields('a'))).to.deep.equal(['header X-Tag: a, b | a']);
    });

    it('that are lists may be split over lines, but with wire', async () => {
      const original = {
        fields: [
          ['Vary', 'Accept'],
          ['Vary', 'Cookie'],
        ] as const,
      };
      const candidate = { fields: [['vary', 'Accept,Cookie']] as const };
      expect(await differ(original, candidate)).to.deep.equal([]);
      expect(await differ(original, candidate, { wire: true })).to.deep.equal([
        'wire Vary: Accept | Cookie | Accept,Cookie',
      ]);
      expect(await differ(original, { fields: [['Vary', 'Cookie, Accept']] })).to.have.length(1);
    });

    it('that say which methods there are may say it in any order', async () => {
      const fields = (value: string) => ({ fields: [['Allow', value]] as const });
      expect(await differ(fields('POST, OPTIONS, GET'), fields('GET,POST, OPTIONS'))).to.deep.equal([]);
      expect(await differ(fields('POST, GET'), fields('GET'))).to.deep.equal([
        'header Allow: POST, GET | GET',
      ]);
    });

    it('of the connection and the framing, and the version, count with wire', async () => {
      const original = {
        version: '1.0',
        fields: [
          ['Connection', 'close, X-Hop'],
          ['X-Hop', '1'],
          ['Content-Length', '0'],
        ] as const,
      };
      const candidate = {
        fields: [
          ['Transfer-Encoding', 'chunked'],
          ['Keep-Alive', 'timeout=5'],
        ] as const,
      };
      expect(await differ(original, candidate)).to.deep.equal([]);
      expect(await differ(original, candidate, { wire: true })).to.deep.equal([
        'wire version: HTTP/1.0 | HTTP/1.1',
        'wire Connection: close, X-Hop | -',
        'wire X-Hop: 1 | -',
        'wire Content-Length: 0 | -',
        'wire Transfer-Encoding: - | chunked',
        'wire Keep-Alive: - | timeout=5',
      ]);
    });

    it('in trailers are compared too', async () => {
      expect(await differ({ trailers: [['X-Sum', '1']] }, { trailers: [['x-sum', '2']] })).to.deep.equal([
        'header X-Sum (trailer): 1 | 2',
      ]);
    });

    it('of Content-Type differ by type and parameters, not by how they are written', async () => {
      expect(
        await differ(
          { type: 'Text/HTML;  Charset="UTF-8"; a=1' },
          { type: 'text/html; a="1"; charset=utf8' },
        ),
      ).to.deep.equal([]);
      expect(await differ({ type: 'text/html; a=1' }, { type: 'text/html; a=2' })).to.deep.equal([
        'header Content-Type: text/html; a=1 | text/html; a=2',
      ]);
      expect(await differ({ type: 'text/html' }, {})).to.deep.equal(['header Content-Type: text/html | -']);
    });
  });

  describe('charsets', () => {
    const german = Buffer.from('Grüße', 'latin1');

    it('differ by name, and the text that is the same does not', async () => {
      expect(
        await differ(
          { type: 'text/plain; charset=utf-8', body: 'Grüße' },
          { type: 'text/plain; charset=iso-8859-1', body: german },
        ),
      ).to.deep.equal(['charset Content-Type: utf-8 | iso-8859-1']);
    });

    it('differ although nobody names them', async () => {
      expect(
        await differ({ type: 'text/plain', body: 'Grüße' }, { type: 'text/plain', body: german }),
      ).to.deep.equal(['charset body: utf-8 | windows-1252']);
      expect(
        await differ({ type: 'text/plain', body: 'a' }, { type: 'text/plain', body: '\ufeffa' }),
      ).to.deep.equal(['charset body: utf-8 | utf-8 with a byte order mark']);
    });

    it('come from the meta element of a page', async () => {
      const page = (charset: string, text: string) =>
        Buffer.from(`<meta charset=${charset}><p>${text}`, 'latin1');
      const utf8 = Buffer.concat([page('utf-8', ''), Buffer.from('Grüße')]);
      expect(
        await differ({ type: 'text/html', body: utf8 }, { type: 'text/html', body: page('latin1', 'Grüße') }),
      ).to.deep.equal(['body /meta/@charset: utf-8 | latin1']);
    });

    it('that do not fit their bytes leave those apart', async () => {
      const type = 'text/plain; charset=utf-8';
      expect(
        await differ({ type, body: Buffer.from([0xe9]) }, { type, body: Buffer.from([0xe8]) }),
      ).to.have.length(1);
      expect(
        await differ(
          { type: 'text/plain; charset=none', body: 'a' },
          { type: 'text/plain; charset=none', body: 'b' },
        ),
      ).to.deep.equal(['body: a | b']);
    });
  });

  describe('redirects', () => {
    const to = (location: string, url: string) => ({
      answer: answerOf({ status: 302, reason: 'Found', fields: [['Location', location]] }),
      url,
    });
    const [here, there] = ['http://127.0.0.1:8000/app/', 'http://localhost:9000/app/'];

    it('are the same with and without the host that was asked', async () => {
      expect(
        await differ(to('http://127.0.0.1:8000/app/next?a=1', here), to('/app/next?a=1', there)),
      ).to.deep.equal([]);
      expect(
        await differ(to('http://127.0.0.1:8000/x', here), to('http://localhost:9000/x', there)),
      ).to.deep.equal([]);
      expect(await differ(to('next', here), to('/app/next', there))).to.deep.equal([]);
      expect(await differ(to('/caf\u00c3\u00a9', here), to('/caf%C3%A9', there))).to.deep.equal([]);
    });

    it('differ by where they lead', async () => {
      expect(await differ(to('/a', here), to('/b', there))).to.deep.equal(['redirect Location: /a | /b']);
      expect(await differ(to('/a', here), to('http://example.org/a', there))).to.have.length(1);
      expect(
        await differ(to('/a', here), { answer: answerOf({ status: 302, reason: 'Found' }), url: there }),
      ).to.deep.equal(['redirect Location: /a | -']);
    });
  });

  describe('cookies', () => {
    const cookies = (...values: string[]) => ({
      fields: [
        ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
        ...values.map((value) => ['Set-Cookie', value]),
      ] as [string, string][],
    });

    it('have attributes in any order and case', async () => {
      expect(
        await differ(
          cookies('a=1; Path=/; HttpOnly; SameSite=Lax'),
          cookies('a=1; samesite=lax; httponly; path=/'),
        ),
      ).to.deep.equal([]);
    });

    it('differ by value, by attribute and by what is missing', async () => {
      expect(
        await differ(cookies('a=1; Path=/; Secure', 'b=1'), cookies('a=2; Path=/x', 'c=1')),
      ).to.deep.equal([
        'cookie a: 1 | 2',
        'cookie a; Path: / | /x',
        'cookie a; Secure: set | -',
        'cookie b: b=1 | -',
        'cookie c: - | c=1',
      ]);
    });

    it('keep their order', async () => {
      expect(await differ(cookies('a=1', 'b=2'), cookies('b=2', 'a=1'))).to.deep.equal([
        'cookie order: a, b | b, a',
      ]);
    });

    it('live as long by Expires as by Max-Age, counted from the date of the answer', async () => {
      const hour = 'a=1; Expires=Thu, 01 Jan 2026 01:00:00 GMT';
      expect(await differ(cookies(hour), cookies('a=1; Max-Age=3600'))).to.deep.equal([]);
      expect(
        await differ(cookies(hour), cookies('a=1; expires=Thu, 01-Jan-2026 00:59:59 GMT')),
      ).to.deep.equal([]);
      expect(await differ(cookies(hour), cookies('a=1; Max-Age=60'))).to.deep.equal([
        'cookie a; Expires: Expires=Thu, 01 Jan 2026 01:00:00 GMT | Max-Age=60',
      ]);
      expect(await differ(cookies(hour), cookies('a=1'))).to.have.length(1);
      expect(
        await differ(cookies('a=; Max-Age=0'), cookies('a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT')),
      ).to.deep.equal([]);
      const later = {
        fields: [
          ['Date', 'Thu, 01 Jan 2026 00:10:00 GMT'],
          ['Set-Cookie', 'a=1; Expires=Thu, 01 Jan 2026 01:10:00 GMT'],
        ] as const,
      };
      expect(await differ(cookies(hour), later)).to.deep.equal([]);
    });
  });

  describe('content codings', () => {
    const coded = (coding: string, body: Uint8Array) => ({
      type: HTML,
      fields: [['Content-Encoding', coding]] as const,
      body,
    });
    const page = '<p>Hello</p>'.repeat(1000);

    it('differ in the header, not in the body', async () => {
      for (const [coding, bytes] of [
        ['gzip', zlib.gzipSync(page)],
        ['deflate', zlib.deflateSync(page)],
        ['deflate', zlib.deflateRawSync(page)],
        ['br', zlib.brotliCompressSync(page)],
      ] as const) {
        expect(await differ({ type: HTML, body: page }, coded(coding, bytes))).to.deep.equal([
          `header Content-Encoding: - | ${coding}`,
        ]);
      }
      // Of Node 22.15 and later.
      const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer };
      if (zstdCompressSync !== undefined) {
        expect(await differ({ type: HTML, body: page }, coded('zstd', zstdCompressSync(page)))).to.deep.equal(
          ['header Content-Encoding: - | zstd'],
        );
      }
      const twice = zlib.brotliCompressSync(zlib.gzipSync(page));
      expect(await differ(coded('gzip, br', twice), coded('gzip', zlib.gzipSync(page)))).to.deep.equal([
        'header Content-Encoding: gzip, br | gzip',
      ]);
      expect(
        await differ(
          coded('gzip', zlib.gzipSync(page, { level: 1 })),
          coded('gzip', zlib.gzipSync(page, { level: 9 })),
        ),
      ).to.deep.equal([]);
    });

    it('that do not fit are said once', async () => {
      expect(
        await differ(coded('gzip', zlib.gzipSync(page)), coded('gzip', Buffer.from('no gzip'))),
      ).to.deep.equal(['body content coding: can be decoded | cannot be decoded']);
      expect(
        await differ(coded('gzip', Buffer.from('no gzip')), coded('gzip', Buffer.from('no gzip'))),
      ).to.deep.equal([]);
      expect(
        await differ(coded('gzip', Buffer.from('no gzip')), coded('gzip', Buffer.from('no gzap'))),
      ).to.have.length(1);
    });

    it('of an answer that was cut give what can be read', async () => {
      const random = Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * at * 31) % 251));
      const bytes = zlib.gzipSync(random);
      const cut = { ...coded('gzip', bytes.subarray(0, 2000)), cut: true };
      const found = await differ(coded('gzip', bytes), cut);
      expect(found).to.have.length(1);
      expect(found[0]).to.match(/^cut: complete, 5000 bytes \| cut after \d{2,4} bytes$/);
    });
  });

  it('finds that an answer was cut, and compares what came before', async () => {
    expect(await differ({ body: 'Hello' }, { body: 'Hel', cut: true })).to.deep.equal([
      'cut: complete, 5 bytes | cut after 3 bytes',
    ]);
    expect(await differ({ body: 'Hel', cut: true }, { body: 'Hel', cut: true })).to.deep.equal([]);
    expect(await differ({ body: 'Hello' }, { body: 'Hxl', cut: true })).to.have.length(2);
  });

  it('finds where large bodies differ, without holding them', async () => {
    const blocks = 64;
    let [read, ahead] = [0, 0];
    const huge = (side: number, planted: number) => ({
      size: blocks * 1024 * 1024,
      cut: false,
      async *read() {
        for (let at = 0; at < blocks; at++) {
          read += side;
          ahead = Math.max(ahead, Math.abs(read));
          const block = Buffer.alloc(1024 * 1024, 0x61);
          if (at === planted) block[7] = 0x62;
          yield block;
        }
      },
    });
    const answer = (side: number, planted: number) => ({
      answer: { ...answerOf({ type: 'text/plain' }), body: huge(side, planted) },
    });
    expect(await differ(answer(1, -1), answer(-1, -1))).to.deep.equal([]);
    const found = await differ(answer(1, -1), answer(-1, 50));
    expect(found).to.have.length(1);
    expect(found[0]).to.match(
      /^body bytes: 67108864 bytes, from byte 52428807: 61 61.* \| 67108864 bytes, from byte 52428807: 62 61/,
    );
    // One side is never read far beyond the other until the first difference; the rest only for its size.
    expect(ahead).to.be.at.most(blocks - 50);
  });

  it('compares what it does not know as bytes, or as text where both are', async () => {
    const image = (body: number[]) => ({ type: 'image/png', body: Buffer.from(body) });
    expect(await differ(image([1, 2, 3]), image([1, 2, 4]))).to.deep.equal([
      'body bytes: 3 bytes, from byte 2: 03 | 3 bytes, from byte 2: 04',
    ]);
    expect(await differ(image([1]), image([1, 2]))).to.deep.equal(['body bytes: 1 bytes | 2 bytes']);
    expect(await differ({ body: 'a\nb' }, { body: 'a\nc' })).to.deep.equal(['body line 2: b | c']);
    expect(await differ({ body: Buffer.from([0]) }, { body: 'a' })).to.have.length(1);
  });

  it('compares text line by line, so that one more is one difference', async () => {
    const type = 'text/csv';
    expect(await differ({ type, body: 'a\nb\nc\n' }, { type, body: 'a\nnew\nb\nc\n' })).to.deep.equal([
      'body line 2: - | new',
    ]);
    expect(await differ({ type, body: 'a\nb\nc' }, { type, body: 'a\nc' })).to.deep.equal([
      'body line 2: b | -',
    ]);
    expect(
      await differ(
        { type: 'application/xml', body: '<a>\n<b/>' },
        { type: 'application/xml', body: '<a>\n<c/>' },
      ),
    ).to.deep.equal(['body line 2: <b/> | <c/>']);
  });

  it('finds that one side streams and the other does not', async () => {
    const timed = (first: number, last: number) => ({ body: 'ab', times: { head: 1, first, last } });
    const [streamed, whole, unclear] = [timed(10, 900), timed(880, 885), timed(10, 60)];
    expect(await differ(streamed, whole)).to.deep.equal([
      'stream: piece by piece: first byte after 10 ms, last after 900 ms | all at once: first byte after 880 ms, last after 885 ms',
    ]);
    expect(await differ(whole, streamed)).to.have.length(1);
    for (const other of [streamed, unclear, { body: 'ab' }])
      expect(await differ(streamed, other)).to.deep.equal([]);
  });

  describe('WebSocket conversations', () => {
    const talk = (data: (string | Buffer)[], closeCode = 1000, closeReason = ''): Conversation => ({
      messages: [
        { from: 'client', data: String(Math.random()), time: 0 },
        ...data.map((one) => ({ from: 'server' as const, data: one, time: 1 })),
      ],
      closeCode,
      closeReason,
    });
    const between = (a: Conversation | undefined, b: Conversation | undefined) =>
      differ({ conversation: a }, { conversation: b });

    it('are the messages of the server, in order', async () => {
      expect(await between(talk(['a', 'b']), talk(['a', 'b']))).to.deep.equal([]);
      expect(await between(talk(['a', 'b']), talk(['a', 'c', 'd']))).to.deep.equal([
        'websocket message 2: b | c',
        'websocket message 3: - | text: d',
      ]);
      expect(await between(talk(['{"a":1,"b":2}']), talk(['{"b":3,"a":1}']))).to.deep.equal([
        'websocket message 1 /b: 2 | 3',
      ]);
    });

    it('differ by type, close code and reason', async () => {
      expect(await between(talk(['a']), talk([Buffer.from('a')]))).to.deep.equal([
        'websocket message 1: text: a | 1 bytes: 61',
      ]);
      expect(await between(talk([], 1000, 'bye'), talk([], 1011, 'no'))).to.deep.equal([
        'websocket close code: 1000 | 1011',
        'websocket close reason: bye | no',
      ]);
      expect(await between(talk(['a']), undefined)).to.have.length(1);
    });
  });

  it('shortens long values to what is around the first difference', async () => {
    const long = (text: string) => ({ type: 'text/plain', body: 'x'.repeat(5000) + text + 'y'.repeat(5000) });
    const [found = ''] = await differ(long('one'), long('two'));
    expect(found).to.match(/^body: …x+oney+… \| …x+twoy+…$/);
    expect(found.length).to.be.below(600);
  });

  it('reads a body again for each comparison, and closes what it does not read to its end', async () => {
    let open = 0;
    const body = {
      ...bodyOf('x'),
      async *read() {
        open++;
        try {
          for (let at = 0; at < 100; at++) yield Buffer.from('no gzip at all');
        } finally {
          open--;
        }
      },
    };
    const answer = { ...answerOf({ fields: [['Content-Encoding', 'gzip']] }), body };
    await differ({ answer }, { answer });
    expect(open).to.equal(0);
  });
});
