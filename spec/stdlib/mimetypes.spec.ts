/** `mimetypes`: every recorded case, the tables, and types that a program adds. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { add_type, guess_all_extensions, guess_extension, guess_type } from '../../lib/stdlib/mimetypes.js';
import { COMMON_TYPES, ENCODINGS, SUFFIXES, TYPES } from '../../lib/stdlib/mimetypes-tables.js';
import { ROOT } from '../support/source.js';
import { argumentsOf, differences } from './differences.js';
import { casesOf } from './vectors.js';

interface Tables {
  readonly types_map: Readonly<Record<string, string>>;
  readonly common_types: Readonly<Record<string, string>>;
  readonly encodings_map: Readonly<Record<string, string>>;
  readonly suffix_map: Readonly<Record<string, string>>;
}

/** The recorded ones are sorted. */
const sortedExtensions = (type: string) => guess_all_extensions(type).sort();

describe('mimetypes of wsgi/stdlib', () => {
  const functions = { guess_type, guess_extension, guess_all_extensions: sortedExtensions };
  for (const [name, fn] of Object.entries(functions)) {
    const cases = casesOf('mimetypes').filter((one) => one.fn === name);

    it(`${name}() does what Python's does in ${cases.length} cases`, () => {
      expect(cases).to.have.lengthOf.above(10);
      expect(differences(cases, (one) => Reflect.apply(fn, undefined, argumentsOf(one)))).to.deep.equal([]);
    });
  }

  it('has the tables of Python', () => {
    const file = `${ROOT}spec/stdlib/vectors/mimetypes_tables.json`;
    const tables = JSON.parse(readFileSync(file, 'utf8')) as Tables;
    expect(byExtension(TYPES)).to.deep.equal(tables.types_map);
    expect(byExtension(COMMON_TYPES)).to.deep.equal(tables.common_types);
    expect(Object.fromEntries(ENCODINGS)).to.deep.equal(tables.encodings_map);
    expect(Object.fromEntries(SUFFIXES)).to.deep.equal(tables.suffix_map);
  });

  it('add_type() adds to the registered types, or to the others', () => {
    expect(guess_type('a.x-registered')).to.deep.equal([null, null]);
    add_type('application/x-registered', '.x-registered');
    expect(guess_type('a.x-registered')).to.deep.equal(['application/x-registered', null]);
    expect(guess_extension('application/x-registered')).to.equal('.x-registered');

    add_type('application/x-common', '.x-common', false);
    add_type('application/x-common', '.x-also', { strict: false });
    expect(guess_type('a.x-common.gz')).to.deep.equal([null, 'gzip']);
    expect(guess_type('a.x-common.gz', false)).to.deep.equal(['application/x-common', 'gzip']);
    expect(guess_all_extensions('application/x-common', false)).to.deep.equal(['.x-common', '.x-also']);
    expect(guess_extension('application/x-common')).to.equal(null);
  });

  it('add_type() takes the names of what every object has for names', () => {
    add_type('__proto__', '.__proto__');
    expect(guess_type('a.__proto__')).to.deep.equal(['__proto__', null]);
    expect(guess_type('a.constructor')).to.deep.equal([null, null]);
    expect(Object.hasOwn(Object.prototype, '.__proto__')).to.equal(false);
  });

  it('guess_type() refuses half a bracket in a URL, as urlsplit does', () => {
    expect(() => guess_type('http://[::1/a.html'))
      .to.throw('Invalid IPv6 URL')
      .with.property('name', 'ValueError');
  });
});

function byExtension(types: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(types).flatMap(([type, extensions]) =>
      extensions.split(' ').map((extension) => [`.${extension}`, type]),
    ),
  );
}
