/** JSON: what counts as a difference, exactly, and where it is said to be. */
import { expect } from 'chai';
import { numberKey, parseJson } from '../../../lib/porting/diff/json-value.js';
import { differ } from '../answers.js';

const json = (a: string, b: string, ignore: string[] = []) =>
  differ({ type: 'application/json', body: a }, { type: 'application/json', body: b }, { ignore });

describe('two JSON documents', () => {
  it('are the same with names in another order, and other white space and escapes', async () => {
    expect(await json('{"a":1,"b":[1,2]}', '{ "b" : [1, 2],\n "a" : 1 }')).to.deep.equal([]);
    expect(await json('"caf\\u00e9 \\/"', '"café /"')).to.deep.equal([]);
    expect(
      await differ(
        { type: 'application/problem+json', body: '{"a":1,"b":2}' },
        { type: 'application/problem+json', body: '{"b":2,"a":1}' },
      ),
    ).to.deep.equal([]);
  });

  it('have numbers by their value, without loss', async () => {
    expect(await json('[1, 1.50, 1e3, -0, 0.001]', '[1.0, 1.5, 1000, 0, 1E-3]')).to.deep.equal([]);
    expect(await json('9007199254740993', '9007199254740992')).to.deep.equal([
      'body: 9007199254740993 | 9007199254740992',
    ]);
    expect(await json('0.1', '0.10000000000000001')).to.have.length(1);
    expect(await json('1e400', '1e401')).to.have.length(1);
  });

  it('differ at a pointer', async () => {
    expect(await json('{"a":{"b/c~":[1,2]},"d":1}', '{"a":{"b/c~":[1,3]},"e":1}')).to.deep.equal([
      'body /a/b~1c~0/1: 2 | 3',
      'body /d: 1 | -',
      'body /e: - | 1',
    ]);
    expect(await json('[1,2]', '[1]')).to.deep.equal(['body /1: 2 | -']);
    expect(await json('{"a":null}', '{}')).to.deep.equal(['body /a: null | -']);
    expect(await json('[]', '{}')).to.deep.equal(['body: [] | {}']);
  });

  it('differ by type: "1" is not 1, and NaN of Python is not null', async () => {
    expect(await json('["1"]', '[1]')).to.deep.equal(['body /0: "1" | 1']);
    expect(await json('[NaN, Infinity]', '[null, Infinity]')).to.deep.equal(['body /0: NaN | null']);
    expect(await json('["true"]', '[true]')).to.have.length(1);
  });

  it('keep a name that comes twice', async () => {
    expect(await json('{"a":1,"a":2}', '{"a":1,"a":2}')).to.deep.equal([]);
    expect(await json('{"a":1,"a":2}', '{"a":2}')).to.deep.equal(['body /a: 1 | 2', 'body /a: 2 | -']);
  });

  it('have a list in which one element is missing or new, once', async () => {
    const list = (...ids: number[]) =>
      JSON.stringify({ items: ids.map((id) => ({ id, name: `n${id}`, at: Math.random() })) });
    const ignore = ['/items/*/at'];
    expect(await json(list(1, 2, 3, 4), list(2, 3, 4), ignore)).to.have.length(1);
    expect((await json(list(1, 2, 3, 4), list(2, 3, 4), ignore))[0]).to.match(
      /^body \/items\/0: .*"id":1.* \| -$/,
    );
    expect((await json(list(1, 3), list(1, 2, 3), ignore))[0]).to.match(/^body \/items\/1: - \| .*"id":2/);
    expect(await json('[[1,2],[3]]', '[[1,2],[3],[4]]')).to.deep.equal(['body /2: - | [4]']);
    expect(await json('[1,2,3]', '[9,2]')).to.deep.equal(['body /0: 1 | 9', 'body /2: 3 | -']);
  });

  it('that are none are text', async () => {
    expect(await json('{"a":1', '{"a":2')).to.deep.equal(['body: {"a":1 | {"a":2']);
    expect(await json('{}', '{},')).to.have.length(1);
    const deep = (inner: string) => '['.repeat(100_000) + inner;
    expect(await json(deep('1'), deep('2'))).to.have.length(1);
  });

  it('have parts that are ignored', async () => {
    const items = (id: number, name: string) => JSON.stringify({ items: [{ id, name }], at: { time: id } });
    expect(await json(items(1, 'a'), items(2, 'a'), ['/items/*/id', '/at'])).to.deep.equal([]);
    expect(await json(items(1, 'a'), items(2, 'b'), ['/items/*/id', '/at/time'])).to.deep.equal([
      'body /items/0/name: "a" | "b"',
    ]);
    expect(await json('["took 12 ms"]', '["took 7 ms"]', ['/\\d+ ms/'])).to.deep.equal([]);
    expect(await json('[12]', '[7]', ['/^\\d+$/'])).to.deep.equal([]);
    expect(await json('{"gone":1}', '{}', ['/gone'])).to.deep.equal([]);
  });
});

describe('parseJson', () => {
  for (const text of [
    '',
    '01',
    '1.',
    '.5',
    '+1',
    "'a'",
    '[1,]',
    '{"a"}',
    '{a:1}',
    '"\n"',
    '"\\x"',
    'nul',
    '1 2',
    '[',
    'undefined',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(parseJson(text)).to.equal(undefined);
    });
  }
});

describe('numberKey', () => {
  it('is one for numbers of one value', () => {
    for (const [a, b] of [
      ['100', '1e2'],
      ['0.10', '1e-1'],
      ['-1.0', '-1'],
      ['0e99', '-0.0'],
      ['12.50e1', '125'],
    ] as const) {
      expect(numberKey(a)).to.equal(numberKey(b));
    }
    expect(numberKey('1')).to.not.equal(numberKey('-1'));
    expect(numberKey('10')).to.not.equal(numberKey('1'));
  });
});
