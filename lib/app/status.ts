/** Status lines: from what a handler gave to what PEP 3333 wants, `"404 Not Found"`. */
import { inspect } from 'node:util';
import { isNative } from '../environ/native-string.js';
import { STATUS_CODES } from '../node-http.js';

/** `404`, `"404"` or `"404 Not Found"`. */
export type StatusLike = number | string;

const FORM = /^(\d{3})(?: (.*))?$/s;
const CONTROL = /[\x00-\x1f\x7f]/;

/** The reason of a status code: `Not Found`; `Unknown` if the code has none. */
export function reasonOf(code: number): string {
  // RFC 2324 section 2.3.2 spells it so; Node writes "Teapot".
  if (code === 418) return "I'm a teapot";
  return STATUS_CODES[code] ?? 'Unknown';
}

/** @throws TypeError or RangeError with a sentence that says what is wrong with `status`. */
export function toStatus(status: StatusLike): string {
  if (typeof status === 'number') return numberToStatus(status, status);
  if (typeof status !== 'string') {
    throw new TypeError(`The status must be a number or a string, not ${inspect(status)}`);
  }
  if (CONTROL.test(status)) throw new TypeError(`The status holds control characters: ${inspect(status)}`);
  if (!isNative(status)) {
    throw new TypeError(
      `The status holds a character beyond latin-1: ${inspect(status)}. Its reason is for ASCII text`,
    );
  }
  const parts = FORM.exec(status);
  if (parts === null) {
    throw new TypeError(`The status must be "200" or "200 OK", three digits, not ${inspect(status)}`);
  }
  const [, code, reason = ''] = parts;
  if (reason === '') return numberToStatus(Number(code), status);
  if (reason !== reason.trim()) {
    throw new TypeError(`The status has spaces around its reason: ${inspect(status)}`);
  }
  checkCode(Number(code), status);
  return status;
}

function numberToStatus(code: number, given: StatusLike): string {
  checkCode(code, given);
  return `${code} ${reasonOf(code)}`;
}

function checkCode(code: number, given: StatusLike): void {
  if (!Number.isInteger(code) || code < 100 || code > 999) {
    throw new RangeError(`The status code must be a whole number from 100 to 999, not ${inspect(given)}`);
  }
  // A client goes on waiting after a 1xx (RFC 9110 section 15.2); hints have wsgi.early_hints.
  if (code < 200) throw new RangeError(`The status ${inspect(given)} is never final: use 200 to 999`);
}
