/** `email.utils`: every recorded case, and what a datetime is here. */
import { expect } from 'chai';
import {
  AwareDatetime,
  format_datetime,
  formatdate,
  mktime_tz,
  NaiveDatetime,
  parsedate,
  parsedate_to_datetime,
  parsedate_tz,
  UTC,
} from '../../../lib/stdlib/email/utils.js';
import { argumentsOf, differences } from '../differences.js';
import { type Case, casesOf } from '../vectors.js';
import { isoOf, readIso } from './iso.js';

const FUNCTIONS = { formatdate, format_datetime, parsedate, parsedate_tz, parsedate_to_datetime, mktime_tz };

describe('email.utils of wsgi/stdlib', () => {
  inUtc();

  for (const [name, fn] of Object.entries(FUNCTIONS)) {
    const cases = casesOf('email_dates').filter((one) => one.fn === name);

    it(`${name}() does what Python's does in ${cases.length} cases`, () => {
      expect(cases).to.have.lengthOf.above(5);
      const run = (one: Case) => {
        const given = argumentsOf(one).map(readIso);
        return isoOf(Reflect.apply(fn as (...all: unknown[]) => unknown, undefined, given));
      };
      expect(differences(cases, run)).to.deep.equal([]);
    });
  }

  it('takes a digit of another shape for the year, which is not a number then', () => {
    for (const digit of ['²', '①', '𐩀']) expect(parsedate_tz(`Jun 21 10:18:14 ${digit}x, 21`)).to.equal(null);
    expect(parsedate_tz('Jun 21 10:18:14 x, 21')).to.deep.equal([2021, 6, 21, 10, 18, 14, 0, 1, -1, 0]);
  });

  it('formatdate() without a time is now', () => {
    const before = Math.floor(Date.now() / 1000);
    const shown = Date.parse(formatdate({ usegmt: true })) / 1000;
    expect(shown).to.be.within(before, Date.now() / 1000);
  });

  it('an aware datetime is a Date that knows its offset', () => {
    const aware = parsedate_to_datetime('Sun, 06 Nov 1994 08:49:37 +0100');
    expect(aware).to.be.instanceOf(Date).and.instanceOf(AwareDatetime);
    expect(aware.timestamp()).to.equal(Date.parse('1994-11-06T07:49:37Z') / 1000);
    expect(aware.tzinfo?.utcoffset).to.equal(3600);
    expect(aware < new AwareDatetime(Date.now())).to.equal(true);
    expect(format_datetime(aware)).to.equal('Sun, 06 Nov 1994 08:49:37 +0100');
    expect(format_datetime(aware.replace({ tzinfo: UTC }), true)).to.equal('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(format_datetime(new Date(0), { usegmt: true })).to.equal('Thu, 01 Jan 1970 00:00:00 GMT');
  });

  it('a naive datetime is not a Date, and is no moment before it has a time zone', () => {
    const naive = parsedate_to_datetime('Sun Nov  6 08:49:37 1994');
    expect(naive).to.be.instanceOf(NaiveDatetime).and.not.instanceOf(Date);
    expect(naive.tzinfo).to.equal(null);
    expect(String(naive)).to.equal('1994-11-06 08:49:37');
    expect(() => naive < new AwareDatetime(0)).to.throw(TypeError, 'naive');
    expect(naive.replace({ tzinfo: UTC }).toISOString()).to.equal('1994-11-06T08:49:37.000Z');
    expect(naive.timestamp()).to.equal(784_111_777);
  });

  it('refuses a date that does not exist, and a Date that is none', () => {
    expect(() => format_datetime(new Date(Number.NaN)))
      .to.throw('out of range')
      .with.property('name', 'ValueError');
    expect(() => mktime_tz([2021, 13, 1, 0, 0, 0, 0, 1, -1, 0])).to.throw('month');
    const parts = { year: 2021, month: 2, day: 29, hour: 0, minute: 0, second: 0 };
    expect(() => new NaiveDatetime(parts)).to.throw('day is out of range');
  });

  it('reads the local time where a tuple has no offset, and writes it', () => {
    process.env['TZ'] = 'Asia/Kolkata';
    expect(mktime_tz([1994, 11, 6, 8, 49, 37, 0, 1, -1, null])).to.equal(784_111_777 - 19_800);
    expect(formatdate(0, true)).to.equal('Thu, 01 Jan 1970 05:30:00 +0530');
    process.env['TZ'] = 'America/St_Johns';
    expect(formatdate(1_700_000_000, { localtime: true })).to.equal('Tue, 14 Nov 2023 18:43:20 -0330');
  });
});

/** The recorded cases were made in that time zone. */
function inUtc(): void {
  let zone: string | undefined;
  beforeEach(() => {
    zone = process.env['TZ'];
    process.env['TZ'] = 'UTC';
  });
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
}
