/** Header values that many handshakes have alike, kept once: the environ of an open WebSocket may live for days. */
import { environKey } from '../../environ/environ.js';

/** Of these headers only: others may hold what identifies a user, and is not to stay longer than its connection. */
const SHARED: ReadonlySet<string> = new Set([
  'HTTP_ACCEPT',
  'HTTP_ACCEPT_ENCODING',
  'HTTP_ACCEPT_LANGUAGE',
  'HTTP_CACHE_CONTROL',
  'HTTP_CONNECTION',
  'HTTP_HOST',
  'HTTP_ORIGIN',
  'HTTP_PRAGMA',
  'HTTP_SEC_FETCH_DEST',
  'HTTP_SEC_FETCH_MODE',
  'HTTP_SEC_FETCH_SITE',
  'HTTP_SEC_FETCH_STORAGE_ACCESS',
  'HTTP_SEC_FETCH_USER',
  'HTTP_SEC_WEBSOCKET_EXTENSIONS',
  'HTTP_SEC_WEBSOCKET_VERSION',
  'HTTP_UPGRADE',
  'HTTP_UPGRADE_INSECURE_REQUESTS',
  'HTTP_USER_AGENT',
]);

/** How many values are kept, and how long they may be: clients that invent values cannot grow it further. */
const MOST = 500;
const LONGEST = 256;

const values = new Map<string, string>();

/** @param rawHeaders name, value, name, value: values that came before are replaced by the ones that came first. */
export function shareValues(rawHeaders: string[]): void {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1] as string;
    if (value.length <= LONGEST && SHARED.has(environKey(rawHeaders[i] as string))) {
      rawHeaders[i + 1] = shared(value);
    }
  }
}

function shared(value: string): string {
  const known = values.get(value);
  if (known !== undefined) return known;
  if (values.size === MOST) values.clear();
  values.set(value, value);
  return value;
}
