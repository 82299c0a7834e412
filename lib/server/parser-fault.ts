/** What was wrong with what came, where the HTTP parser gave up on it. */
import { ClientDisconnected, RequestError, RequestTimeout } from '../errors.js';
import { LINE_TOO_LONG } from './request-limits.js';

/** What comes with `clientError`. */
export type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };

/** @param inBody the head has come: what is too large are the trailers. */
export function parserFault(error: ParserError, inBody: boolean): RequestError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      if (!inBody && isRequestLine(error)) return new RequestError(414, LINE_TOO_LONG);
      return new RequestError(431, 'The header block of the request is too large');
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

/** The parser does not say what overflowed: its error tells how far it got in the last packet. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (rawPacket === undefined) return false;
  const end = rawPacket.indexOf('\r\n');
  // Without a line end, a field that spans packets looks the same, and gets 414 too: nothing tells them apart.
  if (end === -1) return true;
  return bytesParsed <= end && / HTTP\/\d\.\d$/.test(rawPacket.toString('latin1', 0, end));
}
