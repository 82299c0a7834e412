/** What was wrong with what came, where the HTTP parser gave up on it. */
import { ClientDisconnected, RequestError, RequestTimeout } from '../../errors.js';
import type { HeadWatch } from './head-watch.js';
import { HEAD_TOO_LONG, LINE_TOO_LONG } from './request-limits.js';

/** What comes with `clientError`. */
export type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };

/**
 * @param inBody the head has come: what is too large are the trailers.
 * @param seen of the head, in earlier packets.
 */
export function parserFault(error: ParserError, inBody: boolean, seen: HeadWatch['seen']): RequestError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      if (!inBody && isRequestLine(error, seen)) return new RequestError(414, LINE_TOO_LONG);
      return new RequestError(431, HEAD_TOO_LONG);
    case 'HPE_INVALID_EOF_STATE':
      return new ClientDisconnected('the client left before its request was complete');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new RequestError(413, 'The chunk extensions of the request body are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestTimeout('The request did not come in time');
    default:
      return new RequestError(400, 'What was sent is not a valid HTTP/1.1 request');
  }
}

/** The parser does not say what overflowed, but how far it got in the last packet. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParserError, seen: HeadWatch['seen']): boolean {
  if (rawPacket === undefined || seen === 'fields') return false;
  const begin = rawPacket.subarray(0, bytesParsed).lastIndexOf('\n') + 1;
  if (begin === 0) return true;
  if (seen === 'line') return false;
  // Before a request line there is an empty one, or the end of a message, which is one too.
  return /^\r?\n$|\n\r?\n$/.test(rawPacket.toString('latin1', Math.max(0, begin - 3), begin));
}
