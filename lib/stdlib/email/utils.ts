/** Python's `email.utils`, the functions about dates: those of HTTP headers and mails. */
import { bind } from '../arguments.js';
import { ValueError } from '../errors.js';
import { isTrue, str, typeName } from '../values.js';
import {
  AwareDatetime,
  checkWallTime,
  localMilliseconds,
  NaiveDatetime,
  UTC,
  utcMilliseconds,
  type WallTime,
} from './datetime.js';
import { readDate } from './parse-date.js';

export { AwareDatetime, NaiveDatetime, type TimeZone, UTC } from './datetime.js';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

type Flag = boolean | number | null;
export interface FormatDate {
  timeval?: number | bigint | boolean | null;
  localtime?: Flag;
  usegmt?: Flag;
}

/**
 * A date as mails have it, `Thu, 01 Jan 1970 00:00:00 -0000`, and with `usegmt` as HTTP has it, `… GMT`. By position or by
 * name: `formatdate(t, false, true)`, `formatdate(t, { usegmt: true })`, `formatdate({ usegmt: true })`.
 * @param timeval seconds since 1970 (`Date.now() / 1000`, not `Date.now()`); now by default.
 * @param localtime false by default. `true`: in the time zone of this machine, with its offset; `usegmt` is ignored then.
 * @throws TypeError if it is not a number; ValueError for years outside 1 to 9999 (for numbers far outside, Python has an
 * OverflowError).
 */
export function formatdate(
  timeval?: FormatDate['timeval'] | FormatDate,
  localtime?: Flag | FormatDate,
  usegmt?: Flag | FormatDate,
): string;
export function formatdate(...given: unknown[]): string {
  const { timeval = null, localtime, usegmt } = bind('formatdate', ['timeval', 'localtime', 'usegmt'], given);
  const time = (timeval === null ? Math.floor(Date.now() / 1000) : wholeSeconds(timeval)) * 1000;
  if (!isTrue(localtime)) return write(time, isTrue(usegmt) ? 'GMT' : '-0000');
  const offset = Math.round(new Date(time).getTimezoneOffset() * -60);
  return write(time + offset * 1000, zoneText(offset));
}

/**
 * The same of a datetime: `+0200` is its offset, `-0000` says that it is naive.
 * @param dt a NaiveDatetime, an AwareDatetime, or any other Date, which is in UTC.
 * @param usegmt false by default. @throws ValueError with `usegmt` for other than UTC, and for years outside 1 to 9999;
 * TypeError if `dt` is not a datetime.
 */
export function format_datetime(dt: Date | NaiveDatetime, usegmt?: Flag | { usegmt?: Flag }): string;
export function format_datetime(dt: Date | NaiveDatetime, ...given: unknown[]): string {
  const usegmt = isTrue(bind('format_datetime', ['usegmt'], given)['usegmt']);
  const naive = dt instanceof NaiveDatetime;
  if (!naive && !(dt instanceof Date)) {
    throw new TypeError(`format_datetime() takes a Date or a NaiveDatetime, not ${typeName(dt)}`);
  }
  const offset = dt instanceof AwareDatetime ? dt.tzinfo.utcoffset : 0;
  if (usegmt && (naive || offset !== 0)) throw new ValueError('usegmt option requires a UTC datetime');
  if (naive) return write(utcMilliseconds(dt), '-0000');
  return write(dt.getTime() + offset * 1000, usegmt ? 'GMT' : zoneText(offset));
}

/**
 * A date of a header as Python's tuple `[year, month, day, hour, minute, second, 0, 1, -1]`; null for what is not a date.
 * Nothing is checked: 31 February and 25:61 come through. @throws TypeError if it is not text.
 */
export function parsedate(data: string | null): number[] | null {
  return parsedate_tz(data)?.slice(0, 9) ?? null;
}

/** As `parsedate`, and the tenth is the offset in seconds: 0 too if the zone is missing or not known. */
export function parsedate_tz(data: string | null): number[] | null {
  const found = readDate(data);
  return found === null ? null : found.map((value) => value ?? 0);
}

/**
 * A date of a header as a datetime: an AwareDatetime, which is a Date, if its offset is known, and a NaiveDatetime if it is
 * not (no zone, `-0000`, `CET`). Treat naive ones as UTC, as frameworks do: `if (dt.tzinfo === null) dt = dt.replace({
 * tzinfo: UTC })`.
 * @throws ValueError for what is not a date, and for a date that does not exist; TypeError if it is not text.
 */
export function parsedate_to_datetime(data: string | null): AwareDatetime | NaiveDatetime {
  const found = readDate(data);
  if (found === null) throw new ValueError(`Invalid date value or format "${str(data)}"`);
  const naive = new NaiveDatetime(wallTimeOf(found));
  const offset = found.at(9) ?? null;
  return offset === null ? naive : naive.replace({ tzinfo: offset === 0 ? UTC : { utcoffset: offset } });
}

/**
 * Seconds since 1970 of a tuple as `parsedate_tz` gives it; null as the offset is local time. A day or a time out of range
 * counts on: 31 February is in March. @throws ValueError for a month or a year that does not exist.
 */
export function mktime_tz(data: readonly (number | null)[]): number {
  if (data.length < 10) throw new TypeError('mktime_tz() takes the ten numbers of parsedate_tz()');
  const wall = wallTimeOf(data);
  const offset = data[9] ?? null;
  if (offset === null) return localMilliseconds(wall) / 1000;
  checkWallTime({ ...wall, day: 1, hour: 0, minute: 0, second: 0 });
  return utcMilliseconds(wall) / 1000 - offset;
}

function wallTimeOf(tuple: readonly (number | null)[]): WallTime {
  const [year, month, day, hour, minute, second] = tuple.map(Number);
  return {
    year: year ?? 0,
    month: month ?? 0,
    day: day ?? 0,
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: second ?? 0,
  };
}

/** Without the fraction, which is rounded to microseconds first, as Python's `datetime.fromtimestamp` does. */
function wholeSeconds(timeval: unknown): number {
  if (typeof timeval !== 'number' && typeof timeval !== 'boolean' && typeof timeval !== 'bigint') {
    throw new TypeError(`formatdate() takes seconds since 1970, not ${typeName(timeval)}`);
  }
  const seconds = Number(timeval);
  const whole = Math.trunc(seconds);
  return whole + Math.floor(Math.round((seconds - whole) * 1e6) / 1e6);
}

/** `+0200`; a zone of before 1900 may have seconds as well. */
function zoneText(offset: number): string {
  const size = Math.abs(offset);
  const parts = [
    Math.floor(size / 3600),
    Math.floor(size / 60) % 60,
    ...(size % 60 === 0 ? [] : [size % 60]),
  ];
  return `${offset < 0 ? '-' : '+'}${parts.map(twoDigits).join('')}`;
}

/** @param reading what the clock shows, as if it were UTC. */
function write(reading: number, zone: string): string {
  const date = new Date(reading);
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) {
    throw new ValueError(Number.isNaN(year) ? 'the time is out of range' : `year ${year} is out of range`);
  }
  const day = `${WEEKDAYS[date.getUTCDay()]}, ${twoDigits(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]}`;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(twoDigits).join(':');
  return `${day} ${String(year).padStart(4, '0')} ${time} ${zone}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
