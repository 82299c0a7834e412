/** lib/util/date.ts: `wsgiref.handlers.format_date_time` (CONFORMANCE D-040). */
import { expect } from 'chai';
import { formatDateTime } from '../../lib/util/http-date.js';

const DATES: [seconds: number, text: string][] = [
  [0, 'Thu, 01 Jan 1970 00:00:00 GMT'],
  [784111777, 'Sun, 06 Nov 1994 08:49:37 GMT'],
  [784111777.999, 'Sun, 06 Nov 1994 08:49:37 GMT'],
  [-0.5, 'Wed, 31 Dec 1969 23:59:59 GMT'],
  [951782400, 'Tue, 29 Feb 2000 00:00:00 GMT'],
  [253402300799.5, 'Fri, 31 Dec 9999 23:59:59 GMT'],
];

describe('formatDateTime', () => {
  for (const [seconds, text] of DATES) {
    it(`${seconds} is ${text}`, () => expect(formatDateTime(seconds)).to.equal(text));
  }

  it('refuses milliseconds, which lie beyond the year 9999', () => {
    expect(() => formatDateTime(1_700_000_000_000)).to.throw(RangeError, 'takes seconds since 1970');
  });

  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 253402300800, -62167219201]) {
    it(`refuses ${wrong}`, () => expect(() => formatDateTime(wrong)).to.throw(RangeError));
  }

  it('refuses what is not a number', () => {
    expect(() => formatDateTime(new Date(0) as unknown as number)).to.throw(TypeError, 'takes seconds, not');
  });
});
