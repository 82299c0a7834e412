/** The headers of an interim 103 response: gunicorn's `wsgi.early_hints` (RFC 8297). */
import type { HeaderList } from '../environ/types.js';
import { ApplicationError } from '../errors.js';
import { checkHead } from './response-head.js';

/**
 * Flat: name, value, name, value.
 * @throws ApplicationError for headers that start_response would refuse, or a Content-Length.
 */
export function checkEarlyHints(headers: HeaderList): string[] {
  const { headers: checked, lengthAt } = checkHead('200 OK', headers);
  // RFC 9110 section 8.6; a client might take it for the length of what follows.
  if (lengthAt !== -1) throw new ApplicationError('Early hints cannot have a Content-Length');
  return checked;
}
