/** `wsgi/stdlib/urllib/parse`: Python's `urllib.parse` (3.13), as far as WSGI programs import it. */
export { type JoinKeywords, urldefrag, urljoin } from './join.js';
export {
  get,
  type ParseKeywords,
  parse_qs,
  parse_qsl,
  type QueryDict,
} from './query.js';
export {
  type QuoteKeywords,
  quote,
  quote_from_bytes,
  quote_plus,
} from './quote.js';
export { DefragResult, ParseResult, SplitResult } from './results.js';
export { uses_netloc, uses_params, uses_relative } from './schemes.js';
export { type SplitKeywords, urlparse, urlsplit } from './split.js';
export {
  type UnquoteKeywords,
  unquote,
  unquote_plus,
  unquote_to_bytes,
} from './unquote.js';
export { urlunparse, urlunsplit } from './unsplit.js';
export { type Query, type QuoteVia, type UrlencodeKeywords, urlencode } from './urlencode.js';
