/** urllib.parse does what CPython 3.13 does, case by case, and what JavaScript makes different. */
import { expect } from 'chai';
import * as stdlib from '../../lib/stdlib/index.js';
import * as parse from '../../lib/stdlib/urllib/parse.js';
import {
  get,
  parse_qs,
  parse_qsl,
  quote,
  urlencode,
  urljoin,
  urlsplit,
} from '../../lib/stdlib/urllib/parse.js';
import { type Case, casesOf, titleOf } from './vectors.js';

/** Cases that JavaScript cannot express, by their title. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'urlencode({"pairs":[["a",{"float":"1e+16"}],["b",{"float":"1.0"}],["c",{"float":"inf"}],["d",{"int":"12345678901234567890123"}]]})':
    '1.0 is the int 1',
  'urlencode({"pairs":[["a",{"float":"1e+16"}],["b",{"float":"1.0"}],["c",{"float":"inf"}],["d",{"int":"12345678901234567890123"}]]},true)':
    '1.0 is the int 1',
};

/** Errors of the same type with another message: CPython's tells of its insides. */
const OWN_MESSAGES: Readonly<Record<string, string>> = {
  'not enough values to unpack (expected 6, got 5)': 'urlunsplit() takes 5 components, but 4 were given',
  'too many values to unpack (expected 6)': 'urlunsplit() takes 5 components, but 6 were given',
};

type Callable = (...args: unknown[]) => unknown;
/** How a dict of Python is written. */
type MakeDict = (pairs: [unknown, unknown][]) => unknown;

const asMap: MakeDict = (pairs) => new Map(pairs);
/** Undefined if an object cannot have these keys, or has them in another order. */
const asObject: MakeDict = (pairs) => {
  if (pairs.some(([key]) => typeof key !== 'string' || /^\d+$/.test(key))) return undefined;
  return Object.assign(Object.create(null), Object.fromEntries(pairs));
};

/** As `decode` of vectors.ts, but a dict may be a Map, whose keys need not be text. */
function revive(value: unknown, dict: MakeDict): unknown {
  if (Array.isArray(value)) return value.map((item) => revive(item, dict));
  if (typeof value !== 'object' || value === null) return value;
  const { b64, float, int, pairs } = value as Record<string, unknown>;
  if (typeof b64 === 'string') return Buffer.from(b64, 'base64');
  if (typeof float === 'string') return float === 'inf' ? Number.POSITIVE_INFINITY : Number(float);
  if (typeof int === 'string') return BigInt(int);
  if (Array.isArray(pairs)) return dict(pairs.map((pair) => revive(pair, dict) as [unknown, unknown]));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revive(item, dict)]));
}

/** Undefined if it is as CPython has it, otherwise what differs. */
function differenceOf(one: Case, dict: MakeDict): string | undefined {
  const args = (one.args ?? []).map((value) => revive(value, dict));
  if (args.includes(undefined)) return undefined;
  const callable = (parse as unknown as Record<string, Callable>)[one.fn] as Callable;
  const given = one.kw === undefined ? args : [...args, revive(one.kw, dict)];
  try {
    let found: unknown;
    try {
      found = callable(...given);
    } catch (error) {
      found = error;
    }
    if (one.err === undefined) expectResult(found, one.out);
    else expectError(found, one.err);
    return undefined;
  } catch (error) {
    return `${titleOf(one)}: ${(error as Error).message}`;
  }
}

function expectError(found: unknown, { type, msg }: { type: string; msg: string }): void {
  expect(found).to.be.instanceOf(Error);
  expect(found).to.include({ name: type, message: OWN_MESSAGES[msg] ?? msg });
}

function expectResult(found: unknown, out: unknown): void {
  if (found instanceof Error) throw found;
  const expected = revive(out, asMap);
  if (expected instanceof Map) {
    const dict = found as parse.QueryDict;
    expect(Object.keys(dict)).to.have.lengthOf(expected.size);
    for (const [name, values] of expected) expect(get(dict, name)).to.deep.equal(values);
  } else if (typeof expected === 'object' && expected !== null && 'scheme' in expected) {
    for (const [name, value] of Object.entries(expected)) expectAttribute(found as object, name, value);
    const names = ['scheme', 'netloc', 'path', 'params', 'query', 'fragment'].filter(
      (name) => name in expected,
    );
    const items = names.map((name) => (expected as Record<string, unknown>)[name]);
    expect([...(found as Iterable<unknown>)]).to.deep.equal(items);
  } else {
    expect(Array.isArray(found) ? Array.from(found) : found).to.deep.equal(expected);
  }
}

function expectAttribute(result: object, name: string, expected: unknown): void {
  const read = () => (name === 'geturl' ? (result as parse.SplitResult).geturl() : Reflect.get(result, name));
  const { err } = (expected ?? {}) as { err?: { type: string; msg: string } };
  if (err === undefined) expect(read(), name).to.deep.equal(expected);
  else expect(read, name).to.throw().that.includes({ name: err.type, message: err.msg });
}

describe('urllib.parse and CPython', () => {
  const cases = ['urllib_quote', 'urllib_query', 'urllib_url'].flatMap(casesOf);

  for (const fn of new Set(cases.map((one) => one.fn))) {
    const tested = cases.filter((one) => one.fn === fn && !(titleOf(one) in NOT_HERE));
    it(`${fn} does the same in ${tested.length} cases`, () => {
      const different = [asMap, asObject].flatMap((dict) => tested.map((one) => differenceOf(one, dict)));
      expect(different.filter((text) => text !== undefined)).to.deep.equal([]);
    });
  }

  it('have few cases that JavaScript cannot express', () => {
    const titles = new Set(cases.map(titleOf));
    expect(Object.keys(NOT_HERE).filter((title) => !titles.has(title))).to.deep.equal([]);
    expect(cases.length).to.equal(1372);
  });
});

describe('parse_qs', () => {
  it('takes keyword arguments in a last object, after others by position or alone', () => {
    expect(parse_qs('a=&b=%e9', { keep_blank_values: true, encoding: 'latin-1' })).to.deep.equal(
      Object.assign(Object.create(null), { a: [''], b: ['é'] }),
    );
    expect(parse_qsl('a=;b=1', 1, { separator: ';' })).to.deep.equal([
      ['a', ''],
      ['b', '1'],
    ]);
  });

  it('refuses an argument that it does not have, and one that is given twice', () => {
    const wrong = { keep_blanks: true } as parse.ParseKeywords;
    expect(() => parse_qs('', wrong)).to.throw(TypeError, 'parse_qs() has no argument keep_blanks');
    const twice = [true, { keep_blank_values: true }] as unknown as [boolean];
    expect(() => parse_qs('', ...twice)).to.throw(TypeError, 'parse_qs() got keep_blank_values twice');
  });

  it('has get, which no listing shows', () => {
    const d = parse_qs('a=1&a=2');
    expect(d.get('a', [''])[0]).to.equal('1');
    expect(d.get('b', [''])).to.deep.equal(['']);
    expect(d.get('b')).to.equal(null);
    expect(d.get('get', 'none')).to.equal('none');
    expect(Object.keys(d)).to.deep.equal(['a']);
    expect({ ...d }).to.deep.equal({ a: ['1', '2'] });
  });

  it('gives way to a field that is called get', () => {
    const d = parse_qs('get=1');
    expect(d['get']).to.deep.equal(['1']);
    expect(get(d, 'get')).to.deep.equal(['1']);
    expect(get(d, 'a', 'none')).to.equal('none');
  });

  it('lets no field reach Object.prototype', () => {
    const d = parse_qs('__proto__=x&constructor=y&toString=z&__proto__=w');
    expect(Object.keys(d)).to.deep.equal(['__proto__', 'constructor', 'toString']);
    expect(Reflect.get(d, '__proto__')).to.deep.equal(['x', 'w']);
    expect(Object.getPrototypeOf(d)).to.equal(null);
    expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
    const none = parse_qs('');
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      expect(name in none, name).to.equal(false);
      expect(none.get(name), name).to.equal(null);
    }
  });

  it('of bytes has bytes as values, and finds them by bytes or text', () => {
    const d = parse_qs(Buffer.from('caf%C3%A9=%e9&%e9=1&%ff=2'));
    expect(d['café']).to.deep.equal([Buffer.from([0xe9])]);
    expect(d.get(Buffer.from('café'))).to.deep.equal([Buffer.from([0xe9])]);
    expect(d.get(Buffer.from([0xe9]))).to.deep.equal([Buffer.from('1')]);
    expect(d.get(Buffer.from([0xff]))).to.deep.equal([Buffer.from('2')]);
  });

  it('does not split what has too many fields', () => {
    const many = '&'.repeat(1_000_000);
    expect(() => parse_qs(many, { max_num_fields: 1000 })).to.throw('Max number of fields exceeded');
  });
});

describe('urlencode', () => {
  it('takes the result of parse_qs, and another way to quote', () => {
    expect(urlencode(parse_qs('a=1+2&a=3&b=4'), { doseq: true })).to.equal('a=1+2&a=3&b=4');
    expect(urlencode({ a: 'b c/' }, { quote_via: quote, safe: '/' })).to.equal('a=b%20c/');
  });
});

describe('urlsplit', () => {
  it('returns a tuple with names', () => {
    const parts = urlsplit('//h/a?b#c', 'https');
    const [scheme, netloc, ...rest] = parts;
    expect([scheme, netloc, rest]).to.deep.equal(['https', 'h', ['/a', 'b', 'c']]);
    expect(parts[2]).to.equal('/a');
    expect(parts).to.have.lengthOf(5);
    expect(parts._replace({ query: '', fragment: 'd' }).geturl()).to.equal('https://h/a#d');
    expect(() => parts._replace({ params: '' })).to.throw(TypeError, 'params');
    expect(() => parts.push('x')).to.throw(TypeError);
    expect(parts.map((part) => part.length)).to.deep.equal([5, 1, 2, 1, 1]);
  });

  it('reads a URL as Python does, not as a browser does', () => {
    expect(urlsplit('http://good\\@evil/').hostname).to.equal('evil');
    expect(urljoin('http://h/a', '/\\evil.example')).to.equal('http://h/\\evil.example');
  });

  it('takes time in proportion to its length', () => {
    for (const one of ['\t', ' ', '[', ':', '/', '@', ';', 'é']) {
      const long = `http://${one.repeat(200_000)}`;
      const begin = process.cpuUsage();
      try {
        urlsplit(long);
        urljoin('http://h/', long.slice(7));
      } catch {
        // Brackets, perhaps.
      }
      expect(process.cpuUsage(begin).user, one).to.be.below(1_000_000);
    }
  });
});

describe('wsgi/stdlib', () => {
  it('has its modules by the names of Python', () => {
    expect(stdlib.urllib.parse.quote('a b')).to.equal('a%20b');
  });
});
