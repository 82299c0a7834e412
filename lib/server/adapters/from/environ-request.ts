/** Environ turned back into a request: its target and its headers, for handlers that want those. */
import { quotedStart, unquoteToNative } from '../../../environ/native-string.js';
import type { Environ } from '../../../environ/types.js';

export interface RequestTargets {
  /** SCRIPT_NAME, PATH_INFO and the query, percent-encoded: what the client asked for. */
  readonly whole: string;
  /** The same without SCRIPT_NAME. */
  readonly inner: string;
  /** SCRIPT_NAME, percent-encoded. */
  readonly mount: string;
}

/** What stands for itself in a path (RFC 3986 section 3.3). */
const TO_QUOTE = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g;

/** REQUEST_URI, where it still says the same, keeps escapes such as `%2F` as the client wrote them. */
export function targetsOf(environ: Environ): RequestTargets {
  const { SCRIPT_NAME: script = '', PATH_INFO: path = '', QUERY_STRING: query = '', REQUEST_URI } = environ;
  const search = query === '' ? '' : `?${query}`;
  const sent = /^(\/[^?#]*)(?:\?[^#]*)?/.exec(REQUEST_URI ?? '')?.[1];
  const unchanged = sent !== undefined && unquoteToNative(sent) === script + path;
  const mount = unchanged ? quotedStart(sent, script.length) : quote(script);
  const rest = unchanged ? sent.slice(mount.length) : quote(path);
  const inner = rest === '' ? '/' : rest;
  return { whole: (mount + rest || '/') + search, inner: inner + search, mount };
}

function quote(native: string): string {
  return native.replace(TO_QUOTE, (char) => {
    const code = char.charCodeAt(0);
    return code <= 0xff ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(char);
  });
}

/** Name, value, name, value: names with capitals, as most clients write them. */
export function rawHeadersOf(environ: Environ): string[] {
  const raw: string[] = [];
  for (const [key, value] of Object.entries(environ)) {
    if (typeof value !== 'string') continue;
    if (key.startsWith('HTTP_')) raw.push(headerName(key.slice(5)), value);
    else if (key === 'CONTENT_TYPE' || (key === 'CONTENT_LENGTH' && value !== '')) {
      raw.push(headerName(key), value);
    }
  }
  return raw;
}

function headerName(key: string): string {
  return key.toLowerCase().replace(/(?:^|_)./g, (start) => start.replace('_', '-').toUpperCase());
}

const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

/** Whether a body may come: its length says so, or, for a chunked one, nothing else than the method can. */
export function mayHaveBody({ REQUEST_METHOD, CONTENT_LENGTH }: Environ): boolean {
  if (CONTENT_LENGTH === undefined || CONTENT_LENGTH === '') return !WITHOUT_BODY.has(REQUEST_METHOD);
  return Number(CONTENT_LENGTH) > 0;
}

/** `http://host/path?query`, as PEP 3333 "URL Reconstruction" has it. */
export function urlOf(environ: Environ): string {
  const scheme = environ['wsgi.url_scheme'];
  const { SERVER_NAME, SERVER_PORT, HTTP_HOST } = environ;
  const usual = SERVER_PORT === (scheme === 'https' ? '443' : '80');
  const host = HTTP_HOST || (usual ? SERVER_NAME : `${SERVER_NAME}:${SERVER_PORT}`);
  const { whole } = targetsOf(environ);
  return `${scheme}://${host}${whole.startsWith('/') ? whole : '/'}`;
}

/** An input that can give what has come so far, as ours does; others only give all that was asked for. */
interface PartialInput {
  read1?: (size: number) => Promise<Uint8Array> | Uint8Array;
  read: (size: number) => Promise<Uint8Array> | Uint8Array;
}

/** The next bytes of `wsgi.input`; empty at the end. */
export async function readSome(environ: Environ, size: number): Promise<Uint8Array> {
  const input = environ['wsgi.input'] as PartialInput;
  return input.read1 === undefined ? input.read(size) : input.read1(size);
}
