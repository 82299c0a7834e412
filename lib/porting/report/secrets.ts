/** Secrets of requests and answers that a report shows: cookies, credentials, password fields. */
import type { Fields } from '../exchange.js';

export const REDACTED = 'REDACTED';

const CREDENTIALS =
  /^(?:(?:proxy-)?authorization|x-(?:api-key|auth-token|csrf-?token|csrftoken|xsrf-token|access-token))$/i;
/** Names of fields in forms, JSON and queries. */
const SECRET = '[\\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|api_?key|csrf|otp|cvv)[\\w.-]*';

/** Shorter ones would be found everywhere. */
const SHORTEST = 4;

/** A function that takes these values out of a text, also as they are written in URLs and in JSON. */
export function hiding(values: readonly string[]): (text: string) => string {
  const forms = values
    .filter((value) => value.length >= SHORTEST)
    .flatMap((value) => [
      value,
      encodeURIComponent(value),
      encodeURIComponent(value).replaceAll('%20', '+'),
      JSON.stringify(value).slice(1, -1),
    ]);
  // The longest first, for one may be a part of another.
  const unique = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => unique.reduce((hidden, form) => hidden.replaceAll(form, REDACTED), text);
}

/** Names stay, and so do the attributes of cookies. */
export function withoutSecrets(fields: Fields): Fields {
  return fields.map(([name, value]): [string, string] => {
    if (/^cookie$/i.test(name)) return [name, value.replace(/=[^;]*/g, `=${REDACTED}`)];
    if (/^set-cookie$/i.test(name)) return [name, value.replace(/^([^;=]*)=[^;]+/, `$1=${REDACTED}`)];
    if (!CREDENTIALS.test(name)) return [name, value];
    // The scheme says how to make another one: `Basic`, `Bearer`.
    const scheme = /^[A-Za-z-]+(?= )/.exec(value)?.[0];
    return [name, scheme === undefined ? REDACTED : `${scheme} ${REDACTED}`];
  });
}

const IN_QUERY = new RegExp(`((?:^|[?&;])${SECRET}=)[^&;#]+`, 'gi');

export function targetWithoutSecrets(target: string): string {
  return target.replace(IN_QUERY, `$1${REDACTED}`);
}

const IN_JSON = new RegExp(`("${SECRET}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|[\\d.eE+-]+)`, 'gi');
const IN_PART = new RegExp(
  `(name="?${SECRET}"?(?:;[^\\r\\n]*)?\\r\\n(?:[^\\r\\n]+\\r\\n)*\\r\\n)[\\s\\S]*?(?=\\r\\n--)`,
  'gi',
);

/** Of a form, multipart too, or of JSON, by its Content-Type. Every other body stays as it is. */
export function bodyWithoutSecrets(body: Buffer, type: string): Buffer {
  // latin1 keeps every byte.
  const text = body.toString('latin1');
  let plain = text;
  if (/x-www-form-urlencoded/i.test(type)) plain = text.replace(IN_QUERY, `$1${REDACTED}`);
  else if (/^multipart\//i.test(type)) plain = text.replace(IN_PART, `$1${REDACTED}`);
  else if (/json/i.test(type)) plain = text.replace(IN_JSON, `$1"${REDACTED}"`);
  return plain === text ? body : Buffer.from(plain, 'latin1');
}
