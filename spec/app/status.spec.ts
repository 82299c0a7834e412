import { expect } from 'chai';
import { reasonOf, type StatusLike, toStatus } from '../../lib/app/status.js';

describe('toStatus', () => {
  const accepted: [StatusLike, string][] = [
    [200, '200 OK'],
    ['200', '200 OK'],
    ['200 OK', '200 OK'],
    ['200 ', '200 OK'],
    [404, '404 Not Found'],
    ['404 Gone Fishing', '404 Gone Fishing'],
    [418, "418 I'm a teapot"],
    [428, '428 Precondition Required'],
    [429, '429 Too Many Requests'],
    [431, '431 Request Header Fields Too Large'],
    [451, '451 Unavailable For Legal Reasons'],
    [511, '511 Network Authentication Required'],
    [299, '299 Unknown'],
    ['799', '799 Unknown'],
    [999, '999 Unknown'],
    ['200 Tr\xe8s bien', '200 Tr\xe8s bien'],
  ];
  for (const [given, line] of accepted) {
    it(`makes ${JSON.stringify(line)} of ${JSON.stringify(given)}`, () => {
      expect(toStatus(given)).to.equal(line);
    });
  }

  const refused: [unknown, RegExp][] = [
    ['200OK', /three digits/],
    ['20', /three digits/],
    ['20X OK', /three digits/],
    [' 200 OK', /three digits/],
    ['200  OK', /spaces/],
    ['200 OK ', /spaces/],
    ['', /three digits/],
    ['1000', /three digits/],
    [99, /100 to 999/],
    [1000, /100 to 999/],
    ['000', /100 to 999/],
    ['042 Odd', /100 to 999/],
    [200.5, /100 to 999/],
    [Number.NaN, /100 to 999/],
    [-200, /100 to 999/],
    [100, /never final/],
    ['103 Early Hints', /never final/],
    ['200 OK\r\nX-Injected: 1', /control characters/],
    ['200 OK\n', /control characters/],
    ['200 O\tK', /control characters/],
    ['200 \x7f', /control characters/],
    ['200 10 €', /latin-1/],
    ['200 \u010a', /latin-1/],
    [null, /number or a string/],
    [200n, /number or a string/],
    [['200 OK'], /number or a string/],
  ];
  for (const [given, message] of refused) {
    it(`refuses ${typeof given === 'bigint' ? '200n' : JSON.stringify(given)}`, () => {
      expect(() => toStatus(given as StatusLike)).to.throw(message);
    });
  }
});

describe('reasonOf', () => {
  it('says Unknown where there is none', () => {
    expect(reasonOf(200)).to.equal('OK');
    expect(reasonOf(277)).to.equal('Unknown');
  });
});
