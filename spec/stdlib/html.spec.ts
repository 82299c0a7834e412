/** `html`: every recorded case, every name of the table, and text that nobody would write. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import * as html from '../../lib/stdlib/html.js';
import { readEntities } from '../../lib/stdlib/html-entities.js';
import { ROOT } from '../support/source.js';
import { argumentsOf, differences } from './differences.js';
import { casesOf } from './vectors.js';

describe('html of wsgi/stdlib', () => {
  for (const [name, fn] of Object.entries(html)) {
    const cases = casesOf('html').filter((one) => one.fn === name);

    it(`${name}() does what Python's does in ${cases.length} cases`, () => {
      expect(cases).to.have.lengthOf.above(60);
      expect(differences(cases, (one) => Reflect.apply(fn, undefined, argumentsOf(one)))).to.deep.equal([]);
    });
  }

  it('unescape() knows the names that Python knows, and no others', () => {
    const file = `${ROOT}spec/stdlib/vectors/html_entities.json`;
    const { html5 } = JSON.parse(readFileSync(file, 'utf8')) as { html5: Record<string, string> };
    expect(Object.fromEntries(readEntities())).to.deep.equal(html5);
    const wrong = Object.entries(html5).filter(([name, text]) => html.unescape(`&${name} `) !== `${text} `);
    expect(wrong).to.deep.equal([]);
  });

  it('unescape() takes the names of what every object has for text', () => {
    expect(html.unescape('&__proto__;&constructor;&toString')).to.equal('&__proto__;&constructor;&toString');
  });

  it('unescape() undoes escape(), whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => html.unescape(html.escape(text)) === text),
    );
  });

  it('escape() leaves nothing that ends text or the value of an attribute', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"']/.test(html.escape(text))));
  });
});
