/** Reads dates as Python's `email._parseaddr` does: RFC 5322, RFC 850, asctime, and what programs write instead. */
import { typeName } from '../values.js';

/** As a tuple of Python's: year, month, day, hour, minute, second, 0, 1, -1, and the offset in seconds; null is unknown. */
export type DateTuple = [...first: number[], offset: number | null];

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const LONG_MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Hours and minutes, as `+0500` has them. No military zones but Z: RFC 822 has their signs wrong (RFC 1123). */
const ZONES: ReadonlyMap<string, number> = new Map([
  ['UT', 0],
  ['UTC', 0],
  ['GMT', 0],
  ['Z', 0],
  ['AST', -400],
  ['ADT', -300],
  ['EST', -500],
  ['EDT', -400],
  ['CST', -600],
  ['CDT', -500],
  ['MST', -700],
  ['MDT', -600],
  ['PST', -800],
  ['PDT', -700],
]);

/** What `str.split()` splits at: not the same as JavaScript's `\s`. */
const BLANKS = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** What `str.isdigit()` takes: decimal digits, and those in other shapes (`²`, `①`), which `int()` then refuses. */
const DIGIT_FIRST =
  /^[\p{Nd}\xb2\xb3\xb9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]/u;

/**
 * The parts of a date, in no way checked; null for what is not a date. The order of the parts may vary as it does in Python.
 * @throws TypeError if it is not text.
 */
export function readDate(text: string | null): DateTuple | null {
  if (text === null || text === undefined || text === '') return null;
  if (typeof text !== 'string') throw new TypeError(`a date is text, not ${typeName(text)}`);
  const parts = partsOf(text);
  if (parts === undefined) return null;
  let [day, monthName, year, time, zone] = parts;
  if (day === '' || monthName === '' || year === '') return null;
  let month = monthOf(monthName);
  if (month === undefined) {
    month = monthOf(day);
    day = monthName.toLowerCase();
  }
  if (month === undefined) return null;
  if (year.indexOf(':') > 0) [year, time] = [time, year];
  year = withoutComma(year);
  if (year === '') return null;
  if (!DIGIT_FIRST.test(year)) [year, zone] = [zone, year];
  const clock = clockOf(withoutComma(time));
  const numbers = [year, withoutComma(day), ...(clock ?? [])].map(integerOf);
  if (clock === undefined || numbers.includes(undefined)) return null;
  const [years = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = numbers;
  return [fullYear(years), month, days, hours, minutes, seconds, 0, 1, -1, offsetOf(zone)];
}

type Parts = [day: string, month: string, year: string, time: string, zone: string];

/** The five parts, without the day of the week. */
function partsOf(text: string): Parts | undefined {
  let parts = text.split(BLANKS).filter((part) => part !== '');
  const first = parts[0];
  if (first === undefined) return undefined;
  if (first.endsWith(',') || DAYS.includes(first.toLowerCase())) parts.shift();
  // "Wed,09 Jun 2021": the blank after the comma is optional.
  else parts[0] = first.slice(first.lastIndexOf(',') + 1);
  if (parts.length === 3) {
    // RFC 850: "06-Nov-94 08:49:37 GMT".
    const date = (parts[0] ?? '').split('-');
    if (date.length === 3) parts = [...date, ...parts.slice(1)];
  }
  if (parts.length === 4) {
    // "08:49:37+0100", or no zone at all.
    const last = parts[3] ?? '';
    const sign = last.includes('+') ? last.indexOf('+') : last.indexOf('-');
    if (sign > 0) parts.splice(3, 1, last.slice(0, sign), last.slice(sign));
    else parts.push('');
  }
  return parts.length < 5 ? undefined : (parts.slice(0, 5) as Parts);
}

function monthOf(name: string): number | undefined {
  const lower = name.toLowerCase();
  const index = MONTHS.includes(lower) ? MONTHS.indexOf(lower) : LONG_MONTHS.indexOf(lower);
  return index === -1 ? undefined : index + 1;
}

function withoutComma(text: string): string {
  return text.endsWith(',') ? text.slice(0, -1) : text;
}

/** `10:18`, `10:18:14`, and with dots instead, as some programs write it. */
function clockOf(time: string): string[] | undefined {
  const separated = time.includes(':') ? time.split(':') : time.split('.');
  if (separated.length === 2) return [...separated, '0'];
  return separated.length === 3 ? separated : undefined;
}

/** Two digits, as POSIX has them: 69 to 99 are of the 20th century, 0 to 68 of the 21st. */
function fullYear(year: number): number {
  if (year >= 100) return year;
  return year > 68 ? year + 1900 : year + 2000;
}

/** In seconds; null for a name that is not known, for none, and for `-0000`, which says that the zone is not known. */
function offsetOf(zone: string): number | null {
  const name = zone.toUpperCase();
  const number = ZONES.get(name) ?? integerOf(name);
  if (number === undefined || (number === 0 && name.startsWith('-'))) return null;
  const size = Math.abs(number);
  return (number < 0 ? -1 : 1) * (Math.floor(size / 100) * 3600 + (size % 100) * 60);
}

/** Python's `int(text)`: digits of any script, and underscores between them. */
function integerOf(text: string): number | undefined {
  const found = /^([+-]?)(\p{Nd}+(?:_\p{Nd}+)*)$/u.exec(text);
  if (found === null) return undefined;
  const digits = (found[2] ?? '').replace(/[^\x00-\x7f]/gu, digitOf).replaceAll('_', '');
  return found[1] === '-' ? 0 - Number(digits) : Number(digits);
}

/** Unicode has the digits of a script one after another, ten or a multiple of ten of them. */
function digitOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  let before = 0;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(code - before - 1))) before++;
  return String(before % 10);
}
