import { expect } from 'chai';
import { toBytes } from '../../lib/app/part.js';

describe('toBytes', () => {
  const parts: [string, unknown, string][] = [
    ['text as UTF-8', 'é€', 'é€'],
    ['bytes', new Uint8Array([104, 105]), 'hi'],
    ['a Buffer', Buffer.from('hi'), 'hi'],
    ['an ArrayBuffer', new Uint8Array([104, 105]).buffer, 'hi'],
    ['a DataView of a part', new DataView(new Uint8Array([104, 105, 33]).buffer, 1, 1), 'i'],
    ['a whole number', 2020, '2020'],
    ['a fraction', 3.3, '3.3'],
    ['a bigint', 12n, '12'],
    ['zero', 0, '0'],
    ['a boolean', false, 'false'],
    ['null', null, ''],
    ['undefined', undefined, ''],
    ['an object with a text', new URL('http://a/b'), 'http://a/b'],
  ];
  for (const [what, part, text] of parts) {
    it(`makes bytes of ${what}`, () => {
      expect(Buffer.from(toBytes(part)).toString()).to.equal(text);
    });
  }

  it('does not copy bytes', () => {
    const bytes = Buffer.from('x');
    expect(toBytes(bytes)).to.equal(bytes);
  });

  const refused: [string, unknown, RegExp][] = [
    ['a plain object', { a: 1 }, /JSON.stringify/],
    ['an array', ['a'], /strings, bytes and numbers/],
    ['a function', () => 1, /strings, bytes and numbers/],
    ['a symbol', Symbol('x'), /strings, bytes and numbers/],
    ['a promise', Promise.resolve('x'), /is a promise: await it/],
    ['an object without a prototype', Object.create(null), /strings, bytes and numbers/],
  ];
  for (const [what, part, message] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => toBytes(part)).to.throw(TypeError, message);
    });
  }
});
