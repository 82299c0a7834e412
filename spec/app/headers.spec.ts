import { expect } from 'chai';
import { completeHeaders, type HeaderPair, type HeadersLike, toHeaders } from '../../lib/app/headers.js';

describe('toHeaders', () => {
  const pairs: HeaderPair[] = [
    ['X-One', '1'],
    ['ETag', '"a"'],
  ];

  it('takes pairs, an object, a Map and any iterable of pairs', () => {
    expect(toHeaders(pairs)).to.deep.equal(pairs);
    expect(toHeaders({ 'X-One': '1', ETag: '"a"' })).to.deep.equal(pairs);
    expect(toHeaders(Object.assign(Object.create(null), { 'X-One': '1', ETag: '"a"' }))).to.deep.equal(pairs);
    expect(toHeaders(new Map(pairs))).to.deep.equal(pairs);
    expect(toHeaders(new Headers([['x-one', '1']]))).to.deep.equal([['x-one', '1']]);
  });

  it('keeps order, duplicates and case', () => {
    const cookies: HeaderPair[] = [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ];
    expect(toHeaders(cookies)).to.deep.equal(cookies);
  });

  it('copies, so that a later change has no effect', () => {
    const mine = [...pairs];
    const copy = toHeaders(mine);
    mine.push(['X-Late', '1']);
    expect(copy).to.have.length(2);
  });

  it('takes latin-1, and an empty value', () => {
    expect(toHeaders({ 'X-A': 'caf\xe9', 'X-B': '' })).to.have.length(2);
  });

  const refused: [string, unknown, RegExp][] = [
    ['a header split by CRLF', { 'X-Evil': 'a\r\nX-Injected: 1' }, /X-Evil holds control/],
    ['LF alone', { 'X-Evil': 'a\nb' }, /X-Evil/],
    ['NUL', { 'X-Evil': 'a\0b' }, /X-Evil/],
    ['a tab', { 'X-Evil': 'a\tb' }, /X-Evil/],
    ['DEL', { 'X-Evil': 'a\x7fb' }, /X-Evil/],
    ['text beyond latin-1', { 'X-Price': '10 €' }, /X-Price .*latin-1.*encodeURIComponent/],
    ['U+010A, whose low byte is LF', { 'X-Evil': '\u010a' }, /X-Evil/],
    ['a number', { 'Content-Length': 5 }, /Content-Length must be a string, not 5/],
    ['an array as value', { 'Set-Cookie': ['a=1'] }, /Set-Cookie must be a string/],
    ['undefined', { 'X-None': undefined }, /X-None must be a string/],
    ['bytes', [['X-Bytes', Buffer.from('a')]], /X-Bytes must be a string/],
    ['a name with a space', { 'X A': '1' }, /'X A' is not a header name/],
    ['a name with a colon', { 'X-A:': '1' }, /is not a header name/],
    ['a name with CRLF', { 'X\r\nY': '1' }, /is not a header name/],
    ['an empty name', { '': '1' }, /'' is not a header name/],
    ['a name beyond ASCII', { 'X-\xe9': '1' }, /is not a header name/],
    ['a name that is not a string', [[1, '1']], /1 is not a header name/],
    ['a status', { Status: '200 OK' }, /Status/],
    ['a pair of three', [['a', 'b', 'c']], /pair of name and value/],
    ['strings in place of pairs', ['ab'], /pair of name and value/],
    ['a string', 'X-A: 1', /pairs, an object or a Map/],
    ['null', null, /pairs, an object or a Map/],
  ];
  for (const [what, headers, message] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => toHeaders(headers as HeadersLike)).to.throw(TypeError, message);
    });
  }

  it('does not repeat a value that may be a secret', () => {
    expect(() => toHeaders({ 'Set-Cookie': 'secret\n' }))
      .to.throw()
      .with.property('message')
      .not.contain('secret');
  });

  for (const name of [
    'cOnNeCtIoN',
    'Keep-Alive',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Trailers',
    'Transfer-Encoding',
    'Upgrade',
  ]) {
    it(`refuses the hop-by-hop header ${name}`, () => {
      expect(() => toHeaders({ [name]: 'x' })).to.throw(TypeError, `The header ${name} belongs`);
    });
  }
});

describe('completeHeaders', () => {
  const HTML = 'text/html; charset=utf-8';

  it('adds a Content-Type where there is none', () => {
    expect(completeHeaders('200 OK', [], HTML)).to.deep.equal([['Content-Type', HTML]]);
    expect(completeHeaders('200 OK', [['content-TYPE', 'a/b']], HTML)).to.deep.equal([
      ['content-TYPE', 'a/b'],
    ]);
  });

  it('removes Content-Type and Content-Length from 204', () => {
    const headers: HeaderPair[] = [
      ['content-type', 'a/b'],
      ['Content-Length', '3'],
      ['Allow', 'GET'],
    ];
    expect(completeHeaders('204 No Content', headers, HTML)).to.deep.equal([['Allow', 'GET']]);
  });

  it('removes the entity headers from 304', () => {
    const removed =
      'Allow Content-Encoding Content-Language Content-Length Content-Range Content-Type Content-MD5 Last-Modified';
    const headers: HeaderPair[] = [...removed.split(' '), 'ETag'].map((name) => [name, 'x']);
    expect(completeHeaders('304 Not Modified', headers, HTML)).to.deep.equal([['ETag', 'x']]);
  });
});
