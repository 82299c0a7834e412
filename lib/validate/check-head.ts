/** Python's `wsgiref.validate.check_status`, `check_headers`, `check_content_type` and `check_exc_info`. */
import { isNativeError } from 'node:util/types';
import { isNative } from '../environ/native-string.js';
import { isHopByHop, TOKEN } from '../environ/syntax.js';
import type { HeaderList } from '../environ/types.js';
import type { ValidatorOptions } from './rule.js';
import { fail, quote, shapeOf, warn } from './violation.js';

const CONTROL_OR_TAB = /[\x00-\x1f\x7f]/;
const CODE = /^[0-9]{3}(?![0-9])/;

/** "A string of the form '999 Message here'" (PEP 3333). @returns the code. */
export function checkStatus(status: unknown): number {
  if (typeof status !== 'string') fail('status-not-string', `it is ${shapeOf(status)}`);
  const found = `it is ${quote(status)}`;
  if (!isNative(status)) fail('status-not-native', found);
  if (CONTROL_OR_TAB.test(status)) fail('status-control-character', found);
  if (status.trim() !== status) fail('status-white-space', found);
  if (!CODE.test(status)) fail('status-code', found);
  const code = Number(status.slice(0, 3));
  if (code < 100) fail('status-too-low', found);
  if (code < 200) fail('status-interim', found);
  if (status[3] !== ' ') fail('status-no-space', found);
  if (code > 599) warn('status-too-high', found);
  return code;
}

/** Fields that have one value; Content-Length has a rule of its own. */
const SINGLE = new Set(['content-type', 'date', 'etag', 'last-modified', 'location']);

/** wsgiref's `header_re`. */
const USUAL_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const BLANK_END = /^[ \t]|[ \t]$/;
const DIGITS = /^[0-9]+$/;
/** RFC 9110 section 8.8.3. */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;

/** @throws WsgiAssertionError that names the header; a value is never repeated, for it may be a secret. */
export function checkHeaders(
  headers: unknown,
  options: ValidatorOptions = {},
): asserts headers is HeaderList {
  if (!Array.isArray(headers)) fail('headers-not-array', `they are ${shapeOf(headers)}`);
  const seen = new Set<string>();
  for (const [index, pair] of headers.entries()) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      fail('header-not-pair', `entry ${index} is ${shapeOf(pair)}`);
    }
    const name = checkName(pair[0], index);
    const value = checkValue(name, pair[1]);
    const lower = name.toLowerCase();
    checkMeaning(lower, value, options);
    if (seen.has(lower)) checkTwice(lower);
    seen.add(lower);
  }
}

function checkName(name: unknown, index: number): string {
  if (typeof name !== 'string') fail('header-not-string', `the name of entry ${index} is ${shapeOf(name)}`);
  if (!isNative(name)) fail('header-not-native', `the name ${quote(name)} has`);
  if (!TOKEN.test(name)) fail('header-name', `entry ${index} has ${quote(name)}`);
  const lower = name.toLowerCase();
  if (lower === 'status') fail('header-status', `there is ${quote(name)}`);
  if (isHopByHop(lower)) fail('header-hop-by-hop', `there is ${quote(name)}`);
  if (/[-_]$/.test(name)) warn('header-name-end', `there is ${quote(name)}`);
  if (!USUAL_NAME.test(name)) warn('header-name-unusual', `there is ${quote(name)}`);
  return name;
}

function checkValue(name: string, value: unknown): string {
  if (typeof value !== 'string') fail('header-not-string', `the value of ${name} is ${shapeOf(value)}`);
  if (!isNative(value)) fail('header-not-native', `the value of ${name} has`);
  if (CONTROL.test(value)) fail('header-control-character', `that of ${name} has`);
  if (BLANK_END.test(value)) warn('header-white-space', `that of ${name} has`);
  else if (value.includes('\t')) warn('header-tab', `that of ${name} has`);
  return value;
}

function checkMeaning(lower: string, value: string, options: ValidatorOptions): void {
  if (lower === 'content-length') {
    if (!DIGITS.test(value)) fail('content-length-value', `it is ${quote(value)}`);
  } else if (lower === 'etag') {
    if (!ETAG.test(value)) warn('etag', `it is ${shapeOf(value)}`);
  } else if (lower === 'location' && options.absoluteLocation === true && !ABSOLUTE.test(value)) {
    warn('location-relative', 'it has no scheme');
  }
}

function checkTwice(lower: string): void {
  if (lower === 'content-length') fail('content-length-twice', 'it appears more than once');
  if (SINGLE.has(lower)) warn('header-twice', `${lower} appears more than once`);
}

/** werkzeug's list, without Content-Type and Content-Length; Expires and Content-Location are right on a 304. */
const ENTITY = new Set([
  'allow',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-range',
  'last-modified',
]);

/** Headers that describe a body, against a status that has one or not; both passed `checkStatus` and `checkHeaders`. */
export function checkContentType(status: string, headers: HeaderList): void {
  const code = Number(status.slice(0, 3));
  const fields = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const interim = code < 200;
  if (interim || code === 204 || code === 304) {
    if (fields.has('content-type')) fail('content-type-without-body', `there is one, on ${code}`);
  } else if (!fields.has('content-type') && code !== 205 && !isZero(fields.get('content-length'))) {
    warn('content-type-missing', `a response of ${code} has none`);
  }
  if (!fields.has('content-length')) {
    // Nothing to check.
  } else if (interim || code === 204) fail('content-length-without-body', `there is one, on ${code}`);
  else if (code === 304) warn('content-length-on-304', 'there is one');
  if (code !== 304) return;
  for (const name of fields.keys()) if (ENTITY.has(name)) warn('entity-header-on-304', `there is ${name}`);
}

function isZero(length: string | undefined): boolean {
  return length !== undefined && Number(length) === 0;
}

/** A triple, of which the last may be left out; the Error itself; or nothing. */
export function checkExcInfo(exc_info: unknown): void {
  if (exc_info === undefined || exc_info === null) return;
  if (Array.isArray(exc_info) ? exc_info.length === 2 || exc_info.length === 3 : isError(exc_info)) return;
  fail('exc-info-shape', `it is ${shapeOf(exc_info)}`);
}

/** One of another realm is an Error too. */
function isError(value: unknown): boolean {
  return value instanceof Error || isNativeError(value);
}
