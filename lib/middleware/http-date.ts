/** Dates that clients send, in the three forms that a recipient must understand (RFC 9110 section 5.6.7). */

/** Sun, 06 Nov 1994 08:49:37 GMT */
const IMF = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/;
/** Sunday, 06-Nov-94 08:49:37 GMT */
const RFC_850 = /^[A-Z][a-z]+day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d:\d\d:\d\d) GMT$/;
/** Sun Nov  6 08:49:37 1994 */
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/;

/** Milliseconds since 1970; NaN for what is no date of HTTP, which a recipient has to ignore. */
export function parseHttpDate(text: string): number {
  const imf = IMF.exec(text);
  if (imf !== null) return milliseconds(imf[1], imf[2], imf[3], imf[4]);
  const rfc850 = RFC_850.exec(text);
  if (rfc850 !== null) return milliseconds(rfc850[1], rfc850[2], fullYear(Number(rfc850[3])), rfc850[4]);
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) return milliseconds(asctime[2]?.trim(), asctime[1], asctime[4], asctime[3]);
  return Number.NaN;
}

type Part = string | number | undefined;

function milliseconds(day: Part, month: Part, year: Part, time: Part): number {
  return Date.parse(`${day} ${month} ${year} ${time} GMT`);
}

/** "as representing the most recent year in the past that had the same last two digits", if more than 50 years ahead. */
function fullYear(year: number): number {
  const now = new Date().getUTCFullYear();
  const near = now - (now % 100) + year;
  return near > now + 50 ? near - 100 : near;
}
