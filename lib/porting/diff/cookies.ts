/** Cookies of two answers, by name, value and attributes; the order of attributes aside, that of cookies kept. */
import { parseCookieDate, parseHttpDate } from '../../util/http-date.js';
import type { Answer } from '../exchange.js';
import { valuesOf } from '../fields.js';
import type { Findings } from './findings.js';
import type { Ignore } from './ignore.js';

interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** By lower-case name; of several the last counts (RFC 6265, section 5.3). */
  readonly attributes: ReadonlyMap<string, string>;
}

/** How they are written; other attributes as they came. */
const WRITTEN: Readonly<Record<string, string>> = {
  domain: 'Domain',
  httponly: 'HttpOnly',
  path: 'Path',
  samesite: 'SameSite',
  secure: 'Secure',
};

/** @param hosts of the URLs of the request: a Domain that is the server's own is the same on both sides. */
export function compareCookies(
  original: Answer,
  candidate: Answer,
  hosts: readonly [string | undefined, string | undefined],
  ignore: Ignore,
  findings: Findings,
): void {
  if (ignore.header('set-cookie')) return;
  const [ours, theirs] = [original, candidate].map((answer) =>
    valuesOf(answer.fields, 'set-cookie').map(parse),
  ) as [SetCookie[], SetCookie[]];
  const rest = numbered(theirs);
  const common: string[] = [];
  for (const [place, cookie] of numbered(ours)) {
    const other = rest.get(place);
    if (other === undefined) {
      findings.add('cookie', place, ignore.mask(textOf(cookie)), undefined);
      continue;
    }
    common.push(place);
    rest.delete(place);
    if (ignore.mask(cookie.value) !== ignore.mask(other.value)) {
      findings.add('cookie', place, cookie.value, other.value);
    }
    compareAttributes(place, cookie, other, hosts, findings);
    compareLives(place, [cookie, dateOf(original)], [other, dateOf(candidate)], findings);
  }
  for (const [place, cookie] of rest) findings.add('cookie', place, undefined, textOf(cookie));
  const order = [...numbered(theirs).keys()].filter((place) => common.includes(place));
  findings.compare('cookie', 'order', common.join(', '), order.join(', '));
}

function compareAttributes(
  place: string,
  ours: SetCookie,
  theirs: SetCookie,
  [host, otherHost]: readonly [string | undefined, string | undefined],
  findings: Findings,
): void {
  for (const name of new Set([...ours.attributes.keys(), ...theirs.attributes.keys()])) {
    if (name === 'expires' || name === 'max-age' || name === '') continue;
    const [a, b] = [ours.attributes.get(name), theirs.attributes.get(name)];
    const same = a !== undefined && b !== undefined && meaning(name, a, host) === meaning(name, b, otherHost);
    if (!same && a !== b) {
      const show = (value: string | undefined) => (value === '' ? 'set' : value);
      findings.add('cookie', `${place}; ${WRITTEN[name] ?? name}`, show(a), show(b));
    }
  }
}

function meaning(name: string, value: string, host: string | undefined): string {
  if (name === 'secure' || name === 'httponly') return '';
  if (name === 'samesite') return value.toLowerCase();
  if (name !== 'domain') return value;
  const domain = value.replace(/^\./, '').toLowerCase();
  return domain === host ? 'its own' : domain;
}

/** Expires and Max-Age say one thing: for how long, from the date of the answer. A second is lost in rounding. */
function compareLives(
  place: string,
  [ours, date]: readonly [SetCookie, number],
  [theirs, otherDate]: readonly [SetCookie, number],
  findings: Findings,
): void {
  const [a, b] = [lifeText(ours), lifeText(theirs)];
  if (a === b) return;
  const [one, other] = [lifeOf(ours, date), lifeOf(theirs, otherDate)];
  const same = one === other || (one <= 0 && other <= 0) || Math.abs(one - other) <= 1;
  if (!same) findings.add('cookie', `${place}; Expires`, a ?? 'with the session', b ?? 'with the session');
}

/** Seconds; Infinity until the browser is closed, NaN if there is no Date to count from. */
function lifeOf({ attributes }: SetCookie, date: number): number {
  const age = attributes.get('max-age');
  // Max-Age goes before Expires (RFC 6265, section 5.3, step 3).
  if (age !== undefined && /^-?\d+$/.test(age)) return Number(age);
  const expires = attributes.get('expires');
  const end = expires === undefined ? undefined : parseCookieDate(expires);
  if (end === undefined) return Number.POSITIVE_INFINITY;
  // Long past whenever that was: the usual way to delete a cookie.
  if (end <= 86_400_000) return 0;
  return (end - date) / 1000;
}

function lifeText({ attributes }: SetCookie): string | undefined {
  const [age, expires] = [attributes.get('max-age'), attributes.get('expires')];
  const parts = [
    age === undefined ? '' : `Max-Age=${age}`,
    expires === undefined ? '' : `Expires=${expires}`,
  ];
  return parts.filter((part) => part !== '').join('; ') || undefined;
}

function dateOf(answer: Answer): number {
  return parseHttpDate(valuesOf(answer.fields, 'date')[0] ?? '');
}

function parse(field: string): SetCookie {
  const [pair = '', ...rest] = field.split(';');
  const [name, value] = splitPair(pair);
  const attributes = new Map(
    rest.map((attribute): [string, string] => {
      const [key, text] = splitPair(attribute.includes('=') ? attribute : `${attribute}=`);
      return [key.toLowerCase(), text];
    }),
  );
  return { name, value, attributes };
}

/** Without `=` it is a value without a name, as browsers read it. */
function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, Math.max(at, 0)).trim(), pair.slice(at + 1).trim()];
}

/** By name, and by number if a name comes again (for another path). */
function numbered(cookies: readonly SetCookie[]): Map<string, SetCookie> {
  const seen = new Map<string, number>();
  return new Map(
    cookies.map((cookie) => {
      const count = (seen.get(cookie.name) ?? 0) + 1;
      seen.set(cookie.name, count);
      return [count === 1 ? cookie.name : `${cookie.name} (${count})`, cookie];
    }),
  );
}

function textOf({ name, value, attributes }: SetCookie): string {
  const rest = [...attributes].map(([key, text]) => `; ${key}${text === '' ? '' : `=${text}`}`);
  return `${name}=${value}${rest.join('')}`;
}
