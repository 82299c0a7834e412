/** `json.dumps` and `json.loads`: Python's text, Python's values, and Python's messages. */
import { expect } from 'chai';
import { ValueError } from '../../lib/stdlib/errors.js';
import { dumps, JSONDecodeError, type LoadsOptions, loads } from '../../lib/stdlib/json.js';
import { checkAll, difference, type Exception, expectedOf, outcomeOf } from './recorded.js';
import { type Case, casesOf, decode } from './vectors.js';

const WHOLE_FLOATS: Exception = {
  why: '0.0, 1.0, -1.0, 100.0 and 1e15 are whole numbers in JavaScript, and are written as such',
  is: ({ args = [] }) =>
    /^\[\{"float":"-?(?:0|1|100|1000000000000000)\.0"\}\]$/.test(JSON.stringify(args)) &&
    !JSON.stringify(args).includes('"-0.0"'),
  count: 5,
};
const REPEATED_KEYS: Exception = {
  why: '1 and True are one key in Python and two in a Map: such a dict is no value of JavaScript',
  is: ({ args = [] }) => JSON.stringify(args).includes('[1,"x"],[true,"y"]'),
  count: 5,
};
const NUMBER_ORDER: Exception = {
  why: 'an object has keys that are whole numbers in their own order; object_pairs_hook has the one of the document',
  is: ({ args = [] }) => args[0] === '{"2":1,"1":2}',
  count: 1,
};

/** Dicts as Maps: they have their order, and keys of every type. */
function decodeMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeMaps);
  if (typeof value !== 'object' || value === null) return value;
  if ('pairs' in value) {
    return new Map(
      (value.pairs as [unknown, unknown][]).map(([key, one]) => [decodeMaps(key), decodeMaps(one)]),
    );
  }
  if ('datetime' in value) return new Date(String(value.datetime));
  return decode(value);
}

function dumpsProblem({ args = [], kw = {}, out, err }: Case): string | undefined {
  const found = outcomeOf(() => dumps(decodeMaps(args[0]), kw));
  return difference(found, err === undefined ? out : { err: err.type });
}

function loadsProblem({ args = [], kw = {}, out, err }: Case): string | undefined {
  const call = () => loads(decode(args[0]) as string, kw as LoadsOptions);
  if (err === undefined) return difference(outcomeOf(call), expectedOf(out, decode));
  if (err.type !== 'JSONDecodeError') return difference(outcomeOf(call), { err: err.type });
  try {
    call();
  } catch (error) {
    return difference([(error as Error).name, (error as Error).message], [err.type, err.msg]);
  }
  return 'no error';
}

describe('wsgi/stdlib/json', () => {
  it('dumps writes what CPython recorded', () => {
    checkAll(casesOf('json_dumps'), [WHOLE_FLOATS, REPEATED_KEYS], dumpsProblem);
  });

  it('loads reads what CPython recorded, with its messages', () => {
    checkAll(casesOf('json_loads'), [NUMBER_ORDER], loadsProblem);
  });

  it('dumps writes keys of every type that Python has', () => {
    const dict = new Map<unknown, unknown>([
      [1, 'x'],
      [null, 'z'],
      [1.5, 'w'],
      [false, 0],
      [10n, 1],
    ]);
    expect(dumps(dict)).to.equal('{"1": "x", "null": "z", "1.5": "w", "false": 0, "10": 1}');
    expect(() => dumps(dict, { sort_keys: true })).to.throw(TypeError, "'<' not supported");
  });

  it('dumps tells int from float as far as JavaScript does', () => {
    expect(dumps([1.0, 2 ** 53, 10n ** 22n, 1e22, -0, 0.5])).to.equal(
      '[1, 9007199254740992.0, 10000000000000000000000, 1e+22, -0.0, 0.5]',
    );
  });

  it('dumps leaves to default what is not JSON, and refuses it otherwise', () => {
    const set = new Set([1, 2]);
    expect(dumps({ set }, { default: (value) => [...(value as Set<number>)] })).to.equal('{"set": [1, 2]}');
    for (const value of [
      undefined,
      () => 1,
      Symbol('s'),
      set,
      new Date(),
      new (class Point {})(),
      Buffer.from('x'),
    ]) {
      expect(() => dumps({ value })).to.throw(TypeError, /^Object of type .* is not JSON serializable$/);
    }
    expect(() => dumps({ a: 1 }, { pretty: true } as object)).to.throw(
      TypeError,
      'dumps() has no argument pretty',
    );
  });

  it('dumps refuses a circle, and takes a value twice', () => {
    const list: unknown[] = [1];
    expect(dumps([list, list])).to.equal('[[1], [1]]');
    list.push([list]);
    expect(() => dumps(list)).to.throw(ValueError, 'Circular reference detected');
    expect(() => dumps(new Date(), { default: (value) => value })).to.throw(ValueError, 'Circular reference');
  });

  it('loads gives dicts in which every name is a key', () => {
    const dict = loads('{"__proto__": {"admin": true}, "constructor": 1}') as Record<string, unknown>;
    expect(Object.keys(dict)).to.deep.equal(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(dict)).to.equal(null);
    expect(({} as Record<string, unknown>)['admin']).to.equal(undefined);
  });

  it('loads has hooks for objects and numbers', () => {
    const pairs = loads('{"2": 1, "1": 2, "2": 3}', { object_pairs_hook: (all) => new Map(all) });
    expect(pairs).to.deep.equal(
      new Map([
        ['2', 3],
        ['1', 2],
      ]),
    );
    const hooks: LoadsOptions = {
      parse_float: String,
      parse_int: (text) => `int ${text}`,
      parse_constant: String,
    };
    expect(loads('[1.10, 7, NaN]', hooks)).to.deep.equal(['1.10', 'int 7', 'NaN']);
    expect(loads('[{"a": {}}]', { object_hook: (dict) => Object.keys(dict) })).to.deep.equal([['a']]);
  });

  it('loads says where it stopped, in characters', () => {
    const error = catching(() => loads('{"\u{1f600}":\n "\u{1f600}", x}'));
    expect(error).to.be.instanceOf(JSONDecodeError).and.to.be.instanceOf(ValueError);
    expect(error).to.include({
      lineno: 2,
      colno: 7,
      pos: 12,
      msg: 'Expecting property name enclosed in double quotes',
    });
  });

  it('loads refuses a number of too many digits, as Python does', () => {
    expect(loads('9'.repeat(4300))).to.equal(BigInt('9'.repeat(4300)));
    expect(() => loads('9'.repeat(4301))).to.throw(ValueError, 'Exceeds the limit (4300 digits)');
  });

  it('loads reads UTF-32, and refuses bytes cut short', () => {
    const text = '["\u{1f600}"]';
    const bytes = Buffer.alloc(4 * [...text].length);
    for (const [i, character] of [...text].entries())
      bytes.writeUInt32LE(character.codePointAt(0) ?? 0, 4 * i);
    expect(loads(bytes)).to.deep.equal(['\u{1f600}']);
    expect(() => loads(bytes.subarray(0, -1))).to.throw(ValueError);
  });
});

function catching(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
