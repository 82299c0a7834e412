/** Dates of HTTP: the form in which they are written, and those in which they come. */
import { inspect } from 'node:util';

/** 10000-01-01: IMF-fixdate has four digits for the year. */
const YEAR_10000 = 253_402_300_800;
const YEAR_0 = -62_167_219_200;

/**
 * Python's `wsgiref.handlers.format_date_time`: seconds since 1970 (`Date.now() / 1000`, not `Date.now()`) as
 * `Thu, 01 Jan 1970 00:00:00 GMT`. A fraction is cut off.
 * @throws TypeError if it is not a number, RangeError for a year that does not have four digits.
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

/** The three forms that a recipient must understand (RFC 9110 section 5.6.7). */
const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  /^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  // Sunday, 06-Nov-94 08:49:37 GMT
  /^[A-Z][a-z]+day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  // Sun Nov  6 08:49:37 1994
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];

/** Milliseconds since 1970; NaN for anything else, which a recipient has to ignore. */
export function parseHttpDate(text: string): number {
  for (const form of FORMS) {
    const { day, month, year = '', time } = form.exec(text)?.groups ?? {};
    if (day === undefined) continue;
    return Date.parse(
      `${day.trim()} ${month} ${year.length === 2 ? fullYear(Number(year)) : year} ${time} GMT`,
    );
  }
  return Number.NaN;
}

/**
 * "as representing the most recent year in the past that had the same last two digits", if more than 50 years ahead.
 */
function fullYear(year: number): number {
  const now = new Date().getUTCFullYear();
  const near = now - (now % 100) + year;
  return near > now + 50 ? near - 100 : near;
}

const DELIMITERS = /[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$/;
const DAY = /^(\d{1,2})(?:\D.*)?$/;
const YEAR = /^(\d{2,4})(?:\D.*)?$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * The date of a cookie's `Expires`, by the forgiving algorithm of RFC 6265 section 5.1.1: milliseconds since 1970;
 * undefined for what is not a date.
 */
export function parseCookieDate(text: string): number | undefined {
  let time: number[] | undefined;
  let day: number | undefined;
  let month: number | undefined;
  let year: number | undefined;
  for (const token of text.split(DELIMITERS)) {
    const clock = time === undefined ? TIME.exec(token) : null;
    const date = day === undefined ? DAY.exec(token) : null;
    const name = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    const years = year === undefined ? YEAR.exec(token) : null;
    if (clock !== null) time = clock.slice(1, 4).map(Number);
    else if (date !== null) day = Number(date[1]);
    else if (month === undefined && name !== -1) month = name;
    else if (years !== null) year = Number(years[1]);
  }
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined;
  if (year <= 69) year += 2000;
  else if (year <= 99) year += 1900;
  const [hours = 0, minutes = 0, seconds = 0] = time;
  if (day < 1 || day > 31 || year < 1601 || hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const result = Date.UTC(year, month, day, hours, minutes, seconds);
  // The 31st of a month that has 30 days is not a date.
  return new Date(result).getUTCDate() === day ? result : undefined;
}
