/** Python's `wsgiref.validate.check_headers`: a list of (name, value) (PEP 3333, RFC 9110 section 5). */

import { isNative } from '../environ/native-string.js';
import { isHopByHop, TOKEN } from '../environ/syntax.js';
import type { HeaderList } from '../environ/types.js';
import type { ValidatorOptions } from './options.js';
import { quote, shapeOf } from './shape.js';
import { fail, warn } from './violation.js';

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
  if (lower === 'content-length') fail('content-length-twice', 'it stands more than once');
  if (SINGLE.has(lower)) warn('header-twice', `${lower} stands more than once`);
}
