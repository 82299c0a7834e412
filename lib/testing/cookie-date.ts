/** The date of a cookie's `Expires`, by the forgiving algorithm of RFC 6265 section 5.1.1. */

const DELIMITERS = /[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$/;
const DAY = /^(\d{1,2})(?:\D.*)?$/;
const YEAR = /^(\d{2,4})(?:\D.*)?$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Milliseconds since 1970; undefined for what is no date. */
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
  // The 31st of a month that has 30 days is no date.
  return new Date(result).getUTCDate() === day ? result : undefined;
}
