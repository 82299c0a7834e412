/** Python's `wsgiref.validate.check_content_type`: headers that describe a body, against a status that has one or not. */
import type { HeaderList } from '../environ/types.js';
import { fail, warn } from './violation.js';

/** werkzeug's list, without Content-Type and Content-Length; Expires and Content-Location are right on a 304. */
const ENTITY = new Set([
  'allow',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-range',
  'last-modified',
]);

/** Both were found right by `checkStatus` and `checkHeaders`. */
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
    // Nothing to say of it.
  } else if (interim || code === 204) fail('content-length-without-body', `there is one, on ${code}`);
  else if (code === 304) warn('content-length-on-304', 'there is one');
  if (code !== 304) return;
  for (const name of fields.keys()) if (ENTITY.has(name)) warn('entity-header-on-304', `there is ${name}`);
}

function isZero(length: string | undefined): boolean {
  return length !== undefined && Number(length) === 0;
}
