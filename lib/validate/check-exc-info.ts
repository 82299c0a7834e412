/** Python's `wsgiref.validate.check_exc_info`. */
import { isNativeError } from 'node:util/types';
import { shapeOf } from './shape.js';
import { fail } from './violation.js';

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
