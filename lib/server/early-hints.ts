/** The rule for headers that an application passes to `wsgi.early_hints` (RFC 8297). */
import type { HeaderList } from '../environ/types.js';
import { ApplicationError } from '../errors.js';
import { checkHead } from './response-head.js';

/**
 * @returns flat: name, value, name, value; a copy.
 * @throws ApplicationError as `start_response` would, and for a Content-Length.
 */
export function checkEarlyHints(headers: HeaderList): string[] {
  const { headers: checked, lengthAt } = checkHead('200 OK', headers);
  // RFC 9110 section 8.6; a client might take it for the length of what follows.
  if (lengthAt !== -1) throw new ApplicationError('Early hints cannot have a Content-Length');
  return checked;
}
