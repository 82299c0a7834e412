/** `http.cookies`: every recorded case, and what a cookie may not do. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { BaseCookie, CookieError, Morsel, SimpleCookie } from '../../../lib/stdlib/http/cookies.js';
import { differences } from '../differences.js';
import { type Case, casesOf } from '../vectors.js';
import { canRun, runSteps } from './steps.js';

/** The state at the end is one of the results. */
const cases = casesOf('cookies').map((one): Case => ({ ...one, out: [one.out, one['state']] }));

/** Operations that JavaScript cannot express, with the reason. */
const NOT_HERE: Readonly<Record<string, string>> = {
  eq: 'what == does for two objects cannot be defined: compare key, value, coded_value and the attributes',
  update_attrs: 'the error is that of a dict as the name of an attribute; names are text here',
};

/** CPython refuses control characters since 2026, and the cases are older: these operations raise here. */
const REFUSED: readonly (readonly unknown[])[] = [
  ['load', String.raw`a="\000"`],
  ['load', String.raw`a="\012"`],
  ['load', String.raw`a="\015\012Set-Cookie: x=y"`],
  ['load', String.raw`keebler="E=everybody; L=\"Loves\"; fudge=\012;"`],
  ['load', String.raw`k="a\015\012b"`],
  ['set', 'k', '\n'],
  ['set', 'k', '\r\n'],
  ['set', 'k', '\0'],
  ['set', 'k', '\x1f'],
  ['set', 'k', '\x7f'],
  ['set', 'k', '\t'],
  ['set', 'k', 'a\r\nSet-Cookie: evil=1'],
  ['attr', 'k', 'path', '/\r\nX: y'],
  ['morsel_set', 'k', 'v', 'v\r\nX: y'],
];

function indexOfRefused({ steps = [] }: Case): number {
  const texts = REFUSED.map((operation) => JSON.stringify(operation));
  return steps.findIndex((step) => texts.includes(JSON.stringify(step)));
}

describe('http.cookies of wsgi/stdlib', () => {
  const possible = cases.filter(canRun);
  const refused = possible.filter((one) => indexOfRefused(one) !== -1);
  const same = possible.filter((one) => !refused.includes(one));

  it(`does what Python's does in ${same.length} cases`, () => {
    expect(same).to.have.lengthOf.above(300);
    expect(differences(same, runSteps)).to.deep.equal([]);
  });

  it('runs all cases but those that JavaScript cannot express', () => {
    const others = cases
      .filter((one) => !canRun(one))
      .flatMap(({ steps = [] }) => steps.map(([name]) => name));
    expect(others).to.include.members(Object.keys(NOT_HERE));
    expect(cases).to.have.lengthOf(possible.length + 2);
  });

  it('refuses control characters, in each case in which CPython did not yet', () => {
    expect(refused).to.have.lengthOf(REFUSED.length);
    for (const one of refused) {
      const [results] = runSteps(one) as [unknown[], unknown];
      expect(results[indexOfRefused(one)])
        .to.have.property('err')
        .with.property('msg')
        .that.matches(/^Control characters are not allowed in cookies '/);
    }
    const cookies = new SimpleCookie('a=b');
    expect(() => cookies.output({ header: 'X\n' })).to.throw(CookieError, 'Control characters');
    expect(() => cookies['a']?.update({ domain: 'x', path: '\0' })).to.throw(CookieError);
    expect(String(cookies)).to.equal('Set-Cookie: a=b');
  });

  it('is used as a dict is', () => {
    const cookies = new SimpleCookie('b=1; 2=x; a="y z"');
    expect(Object.keys(cookies)).to.deep.equal(['b', '2', 'a']);
    expect([...cookies]).to.deep.equal(cookies.keys());
    expect(cookies['a']?.value).to.equal('y z');
    expect('b' in cookies).to.equal(true);
    expect('output' in cookies).to.equal(false);
    delete cookies['b'];
    expect(cookies.get('b')).to.equal(null);
    expect(cookies.get('b', 5)).to.equal(5);
    expect(() => cookies['b'])
      .to.throw('b')
      .with.property('name', 'KeyError');
    expect(inspect(cookies)).to.equal("<SimpleCookie: 2='x' a='y z'>");
    expect(inspect(cookies['2'])).to.equal('<Morsel: 2=x>');
    expect(Object.entries(cookies).map(([name, { value }]) => [name, value])).to.deep.equal([
      ['2', 'x'],
      ['a', 'y z'],
    ]);
  });

  it('sets attributes by name, in any case', () => {
    const cookies = new SimpleCookie({ sid: 'x' });
    const morsel = cookies.get('sid', new Morsel());
    morsel.path = '/';
    Object.assign(morsel, { 'Max-Age': 5, HttpOnly: true, expires: new Date(0) });
    expect(cookies.output({ header: '' })).to.equal(
      ' sid=x; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=5; Path=/',
    );
    expect(morsel.OutputString(['path'])).to.equal('sid=x; Path=/');
    morsel.update({ path: undefined, 'max-age': 5n, expires: '', httponly: false });
    expect(morsel.OutputString()).to.equal('sid=x; Max-Age=5');
    expect(Object.keys(morsel)).to.have.lengthOf(9);
    expect(() => Object.assign(morsel, { value: 'y' })).to.throw(CookieError, "Invalid attribute 'value'");
  });

  it('writes expires as seconds from now', () => {
    const cookies = new SimpleCookie({ sid: 'x' });
    const before = Math.floor(Date.now() / 1000) + 60;
    cookies.get('sid')?.update({ expires: 60 });
    const [, date = ''] = cookies.output().split('expires=');
    expect(Date.parse(date) / 1000).to.be.within(before, Date.now() / 1000 + 60);
    expect(() => cookies.get('sid')?.update({ expires: 1e15 })).not.to.throw();
    expect(() => cookies.output())
      .to.throw('out of range')
      .with.property('name', 'ValueError');
  });

  it('takes the names of what every object has for names, and reaches no prototype', () => {
    const cookies = new SimpleCookie('__proto__=a; constructor=b; toString=c; then=d; valueOf=e');
    const named = (name: string) => cookies[name]?.value;
    expect(['__proto__', 'constructor', 'then', 'valueOf'].map(named)).to.deep.equal(['a', 'b', 'd', 'e']);
    cookies.get('__proto__')?.update({ path: '/polluted' });
    expect({}).not.to.have.property('path');
    expect(() => Reflect.get(new SimpleCookie(), '__proto__')).to.throw('__proto__');
    expect(() => Reflect.get(new Morsel(), '__proto__')).to.throw('__proto__');
  });

  it('has methods that no cookie can replace', () => {
    const cookies = new SimpleCookie('output=1; get=2; items=3; toString=4; load=5');
    expect(cookies.get('output')?.value).to.equal('1');
    expect(cookies.items()).to.have.lengthOf(5);
    expect(String(cookies)).to.match(/^Set-Cookie: get=2\r\nSet-Cookie: items=3\r\n/);
  });

  it('can be awaited and turned into JSON, as any value', async () => {
    const cookies = new SimpleCookie('a=b');
    expect(await cookies).to.equal(cookies);
    expect(await cookies['a']).to.equal(cookies['a']);
    expect(JSON.parse(JSON.stringify(cookies)))
      .to.have.property('a')
      .with.property('path', '');
  });

  it('keeps other things than text where a program says how', () => {
    class JsonCookie extends BaseCookie {
      space = '';
      readonly #calls: unknown[] = [];
      override value_decode(val: string): [unknown, string] {
        return [JSON.parse(decodeURIComponent(val)), val];
      }
      override value_encode(val: unknown): [unknown, string] {
        this.#calls.push(val);
        return [val, encodeURIComponent(JSON.stringify(val, null, this.space))];
      }
    }
    const cookies = new JsonCookie();
    cookies.set('a', 'replaced');
    cookies.space = '';
    cookies.set('a', { b: [1] });
    expect(Object.keys(cookies)).to.deep.equal(['a']);
    expect(cookies.output()).to.equal('Set-Cookie: a=%7B%22b%22%3A%5B1%5D%7D');
    expect(new JsonCookie('a=%7B%22b%22%3A%5B1%5D%7D').get('a')?.value).to.deep.equal({ b: [1] });
    expect(cookies).to.be.instanceOf(BaseCookie);
    expect(inspect(cookies)).to.equal("<JsonCookie: a={'b': [1]}>");
    expect(new SimpleCookie(new SimpleCookie('a=b')).output()).to.equal('Set-Cookie: a=b');
  });

  it('writes a script that no value can end', () => {
    const cookies = new SimpleCookie({ a: '"</script>\\' });
    expect(cookies.js_output()).to.include(String.raw`document.cookie = "a=\"\\\"\x3c/script>\\\\\"";`);
  });

  it('reads a header in time that grows with its length', () => {
    const started = process.cpuUsage();
    for (const part of ['=', 'a=', ' ', 'a="', '\\', ';', 'a=b ', '[', '$a=']) {
      for (const end of ['', '\x80', '"', '"\x80']) load(`a${part.repeat(100_000 / part.length)}${end}`);
    }
    // The square of the length is 10^10: that takes minutes.
    expect(process.cpuUsage(started).user / 1e6).to.be.below(5);
  }).timeout(60_000);
});

function load(header: string): void {
  try {
    new SimpleCookie(header);
  } catch (error) {
    expect(error).to.be.instanceOf(CookieError);
  }
}
