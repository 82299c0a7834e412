/** Python's `wsgiref.validate.check_status`: "a string of the form '999 Message here'" (PEP 3333). */
import { isNative } from '../environ/native-string.js';
import { quote, shapeOf } from './shape.js';
import { fail, warn } from './violation.js';

const CONTROL = /[\x00-\x1f\x7f]/;
const CODE = /^[0-9]{3}(?![0-9])/;

/** @returns the code. */
export function checkStatus(status: unknown): number {
  if (typeof status !== 'string') fail('status-not-string', `it is ${shapeOf(status)}`);
  const found = `it is ${quote(status)}`;
  if (!isNative(status)) fail('status-not-native', found);
  if (CONTROL.test(status)) fail('status-control-character', found);
  if (status.trim() !== status) fail('status-white-space', found);
  if (!CODE.test(status)) fail('status-code', found);
  const code = Number(status.slice(0, 3));
  if (code < 100) fail('status-too-low', found);
  if (code < 200) fail('status-interim', found);
  if (status[3] !== ' ') fail('status-no-space', found);
  if (code > 599) warn('status-too-high', found);
  return code;
}
