/** lib/util/headers.ts: `wsgiref.headers.Headers` (CONFORMANCE D-020 to D-030). */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { toHeaders } from '../../lib/app/headers.js';
import { type HeaderPair, Headers } from '../../lib/headers.js';

const COOKIES: HeaderPair[] = [
  ['Set-Cookie', 'a=1'],
  ['X-One', '1'],
  ['set-cookie', 'b=2'],
];

function cookies(): Headers {
  return new Headers([...COOKIES]);
}

describe('Headers', () => {
  it('is empty without a list', () => {
    for (const headers of [new Headers(), new Headers([]), new Headers(null)]) {
      expect(headers.size).to.equal(0);
      expect(headers.items()).to.deep.equal([]);
      expect(headers.toString()).to.equal('\r\n');
    }
  });

  it('wraps its list, and does not copy it', () => {
    const list: [string, string][] = [['A', '1']];
    const headers = new Headers(list);
    headers.set('B', '2');
    headers.addHeader('C', '3');
    headers.setDefault('D', '4');
    headers.delete('a');
    const expected = [
      ['B', '2'],
      ['C', '3'],
      ['D', '4'],
    ];
    expect(list).to.deep.equal(expected);
    list.pop();
    expect(headers.size).to.equal(2);
  });

  it('counts duplicates', () => expect(cookies().size).to.equal(3));

  it('sets: removes all of the name and appends one', () => {
    const headers = cookies();
    headers.set('SET-COOKIE', 'c=3');
    expect(headers.items()).to.deep.equal([
      ['X-One', '1'],
      ['SET-COOKIE', 'c=3'],
    ]);
  });

  it('deletes all of a name, and nothing where there is none', () => {
    const headers = cookies();
    headers.delete('X-Two');
    expect(headers.size).to.equal(3);
    headers.delete('SET-cookie');
    expect(headers.items()).to.deep.equal([['X-One', '1']]);
  });

  it('gets the first value, whatever the case, else the fallback', () => {
    const headers = cookies();
    expect(headers.get('sEt-CoOkIe')).to.equal('a=1');
    expect(headers.get('set-cookie', 'c')).to.equal('a=1');
    expect(headers.get('X-Two')).to.equal(null);
    expect(headers.get('X-Two', 'c')).to.equal('c');
    expect(new Headers([['E', '']]).get('e', 'c')).to.equal('');
  });

  it('has a name, whatever the case', () => {
    expect(cookies().has('x-ONE')).to.equal(true);
    expect(cookies().has('x-two')).to.equal(false);
  });

  it('gets all values in order', () => {
    expect(cookies().getAll('SET-COOKIE')).to.deep.equal(['a=1', 'b=2']);
    expect(cookies().getAll('X-Two')).to.deep.equal([]);
  });

  it('lists names, values and pairs with duplicates', () => {
    const headers = cookies();
    expect(headers.keys()).to.deep.equal(['Set-Cookie', 'X-One', 'set-cookie']);
    expect(headers.values()).to.deep.equal(['a=1', '1', 'b=2']);
    expect(headers.items()).to.deep.equal(COOKIES);
    expect([...headers]).to.deep.equal(COOKIES);
  });

  it('copies what it lists', () => {
    const headers = cookies();
    headers.items().pop();
    headers.keys().pop();
    expect(headers.size).to.equal(3);
  });

  it('sets a default', () => {
    const headers = cookies();
    expect(headers.setDefault('set-COOKIE', 'c=3')).to.equal('a=1');
    expect(headers.setDefault('X-Two', '2')).to.equal('2');
    expect(headers.items()).to.deep.equal([...COOKIES, ['X-Two', '2']]);
  });

  it('is text, and bytes in latin-1', () => {
    const headers = new Headers([
      ['A', 'caf\xe9'],
      ['B', ''],
    ]);
    expect(headers.toString()).to.equal('A: caf\xe9\r\nB: \r\n\r\n');
    expect(headers.toBytes()).to.deep.equal(Buffer.from('A: caf\xe9\r\nB: \r\n\r\n', 'latin1'));
    expect(new Headers().toBytes()).to.deep.equal(Buffer.from('\r\n'));
  });

  it('has no bytes for text beyond latin-1', () => {
    const headers = new Headers([['X-Price', '10 \u20ac']]);
    expect(() => headers.toBytes())
      .to.throw(RangeError, 'X-Price')
      .with.property('message')
      .not.contain('10');
  });

  it('allows a tab in a value', () => {
    const headers = new Headers();
    headers.set('A', 'a\tb');
    expect(headers.get('A')).to.equal('a\tb');
  });

  it('shows itself as Python does', () => {
    expect(inspect(new Headers([['A', '1']]))).to.equal("Headers([ [ 'A', '1' ] ])");
  });

  it('goes into start_response of the framework as it is', () => {
    expect(toHeaders(cookies())).to.deep.equal(COOKIES);
  });
});

describe('Headers.addHeader', () => {
  const added: [params: Record<string, string | null> | undefined, value: string | null, expected: string][] =
    [
      [undefined, 'bar', 'bar'],
      [{ baz: 'spam' }, 'bar', 'bar; baz="spam"'],
      [{ cheese: null }, 'bar', 'bar; cheese'],
      [{ p_q: 'a"b\\c', z: null, e: '' }, 'v', 'v; p-q="a\\"b\\\\c"; z; e'],
      [{ filename: 'bud.gif' }, 'attachment', 'attachment; filename="bud.gif"'],
      [{ max_age: '5', secure: null }, null, 'max-age="5"; secure'],
      [{ a: 'x; y' }, '', '; a="x; y"'],
      [{}, null, ''],
    ];
  for (const [params, value, expected] of added) {
    it(`gives ${JSON.stringify(expected)}`, () => {
      const headers = new Headers();
      headers.addHeader('C', value, params);
      expect(headers.items()).to.deep.equal([['C', expected]]);
    });
  }

  it('appends, and the text has both', () => {
    const headers = new Headers();
    headers.addHeader('foo', 'bar', { baz: 'spam' });
    headers.addHeader('Foo', 'bar', { cheese: null });
    expect(headers.getAll('foo')).to.deep.equal(['bar; baz="spam"', 'bar; cheese']);
    expect(headers.toString()).to.equal('foo: bar; baz="spam"\r\nFoo: bar; cheese\r\n\r\n');
  });
});

describe('Headers refuses', () => {
  const lists: [what: string, list: unknown][] = [
    ['a string', 'A: 1'],
    ['an object', { A: '1' }],
    ['a Map', new Map([['A', '1']])],
    ['a list of strings', ['AB']],
    ['a pair of three', [['A', '1', '2']]],
    ['a name that is not a string', [[1, '1']]],
    ['a value that is not a string', [['A', 1]]],
    ['bytes', [['A', Buffer.from('1')]]],
    ['a value with CRLF', [['A', '1\r\nB: 2']]],
    ['a name with a tab', [['A\t', '1']]],
  ];
  for (const [what, list] of lists) {
    it(`${what} as its list`, () => expect(() => new Headers(list as HeaderPair[])).to.throw(TypeError));
  }

  const calls: [what: string, call: (headers: Headers) => unknown][] = [
    ['a value with LF', (headers) => headers.set('A', 'secret\n')],
    ['a value with NUL', (headers) => headers.addHeader('A', 'secret\0')],
    ['a value with DEL', (headers) => headers.setDefault('B', 'secret\x7f')],
    ['a name with CR', (headers) => headers.set('A\r', 'secret')],
    ['a parameter with CRLF', (headers) => headers.addHeader('A', 'b', { c: 'secret\r\n' })],
    ['the name of a parameter with CRLF', (headers) => headers.addHeader('A', 'b', { 'c\r\n': 'secret' })],
    ['a number', (headers) => headers.set('A', 5 as unknown as string)],
    ['undefined', (headers) => headers.addHeader('A', 'b', { c: undefined as unknown as string })],
    ['a name that is a number', (headers) => headers.set(5 as unknown as string, 'secret')],
  ];
  for (const [what, call] of calls) {
    it(`${what}, changes nothing, and does not repeat the value`, () => {
      const list: HeaderPair[] = [['A', '1']];
      expect(() => call(new Headers(list)))
        .to.throw(TypeError)
        .with.property('message')
        .not.contain('secret');
      expect(list).to.deep.equal([['A', '1']]);
    });
  }
});
