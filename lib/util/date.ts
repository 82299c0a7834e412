/** Python's `wsgiref.handlers.format_date_time`: a date as HTTP writes it (RFC 9110 section 5.6.7). */
import { inspect } from 'node:util';

/** 10000-01-01: IMF-fixdate has four digits for the year. */
const YEAR_10000 = 253_402_300_800;
const YEAR_0 = -62_167_219_200;

/**
 * Seconds since 1970, as in Python (`Date.now() / 1000`, not `Date.now()`), as `Thu, 01 Jan 1970 00:00:00 GMT`.
 * A fraction is cut off.
 * @throws TypeError if it is no number, RangeError for a year that has not four digits.
 */
export function formatDateTime(seconds: number): string {
  if (typeof seconds !== 'number')
    throw new TypeError(`formatDateTime() takes seconds, not ${inspect(seconds)}`);
  if (!(seconds >= YEAR_0 && seconds < YEAR_10000)) {
    throw new RangeError(`formatDateTime() takes seconds since 1970, up to the year 9999, not ${seconds}`);
  }
  // ECMA-262 defines the form, and it is IMF-fixdate: English and GMT wherever it runs.
  return new Date(Math.floor(seconds) * 1000).toUTCString();
}
