/** Formats of the access log: gunicorn's atoms, such as `%(r)s`, and the text between them. */
import { inspect } from 'node:util';
import { unquoteToNative } from '../../environ/native-string.js';

/** What a line may say. The strings may come from the client, as they are: one character per byte. */
export interface AccessEntry {
  readonly remoteAddr: string;
  /** Who the request says it is from: see `basicUser`. */
  readonly user?: string | undefined;
  /** When the request came. */
  readonly time: Date;
  readonly method: string;
  /** As sent. */
  readonly target: string;
  /** `HTTP/1.1` */
  readonly protocol: string;
  readonly status: number;
  /** Bytes of the response body that were sent. */
  readonly bytes: number;
  /** Milliseconds from the request's head to the end of its response. */
  readonly duration: number;
  /** The prefix of PATH_INFO that is not part of it. */
  readonly scriptName: string;
  /** Of the request, by its name in lower case. */
  header(name: string): string | undefined;
  /** Of the response, as it was sent. */
  responseHeader(name: string): string | undefined;
  /** A key of environ, in any case. */
  variable(name: string): unknown;
}

/** httpd's Combined Log Format, and gunicorn's default. */
export const COMBINED = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';

type Atom = (entry: AccessEntry) => string;

/** Those of gunicorn, by their letter; what they give needs no escape. */
const ATOMS: Readonly<Record<string, Atom>> = {
  h: ({ remoteAddr }) => field(remoteAddr),
  l: () => '-',
  u: ({ user }) => (user === '' ? '""' : field(user)),
  t: ({ time }) => `[${clfTime(time)}]`,
  r: ({ method, target, protocol }) => escapeField(`${method} ${target} ${protocol}`),
  m: ({ method }) => field(method),
  U: (entry) => field(pathInfo(entry)),
  q: ({ target }) => escapeField(queryOf(target)),
  H: ({ protocol }) => field(protocol),
  s: ({ status }) => String(status),
  B: ({ bytes }) => String(bytes),
  b: ({ bytes }) => String(bytes || '-'),
  f: (entry) => field(entry.header('referer')),
  a: (entry) => field(entry.header('user-agent')),
  T: ({ duration }) => String(Math.floor(duration / 1000)),
  M: ({ duration }) => String(Math.floor(duration)),
  D: ({ duration }) => String(Math.floor(duration * 1000)),
  L: ({ duration }) => (duration / 1000).toFixed(6),
  p: () => `<${process.pid}>`,
};

/** `%%`, `%(x)s`, `%({name}x)s`, and a `%` without any of these. */
const PART = /%(?:%|\((?:\{([^{}]+)\}([ioe])|([^(){}]*))\)([sd]?)|)/g;

/** A function that gives the line of an entry, without its end. @param format was checked: see `formatFault`. */
export function compileFormat(format: string): Atom {
  const parts: (string | Atom)[] = [];
  let end = 0;
  for (const match of format.matchAll(PART)) {
    parts.push(format.slice(end, match.index), partOf(match) ?? match[0]);
    end = match.index + match[0].length;
  }
  parts.push(format.slice(end));
  return (entry) => {
    let line = '';
    for (const part of parts) line += typeof part === 'string' ? part : part(entry);
    return line;
  };
}

/** What is wrong with a format; undefined if nothing is. */
export function formatFault(format: string): string | undefined {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(format))
    return `a format is one line, without control characters: ${inspect(format)}`;
  for (const match of format.matchAll(PART)) {
    if (partOf(match) !== undefined) continue;
    const [text, , , letter] = match;
    if (letter === undefined)
      return `a % begins an atom such as %(r)s, and one for itself is %%: ${inspect(format)}`;
    return `there is no atom ${text}. ${KNOWN}`;
  }
  return undefined;
}

/** True if a line of this format needs environ. */
export function asksForEnviron(format: string): boolean {
  return [...format.matchAll(PART)].some(([, , kind]) => kind === 'e');
}

const KNOWN = `Known are ${Object.keys(ATOMS)
  .map((letter) => `%(${letter})s`)
  .join(' ')}, %({header}i)s of the request, %({header}o)s of the response, and %({variable}e)s of environ`;

function partOf([text, name = '', kind, letter, type]: RegExpMatchArray): string | Atom | undefined {
  if (text === '%%') return '%';
  if (type === '' || type === undefined) return undefined;
  const wanted = name.toLowerCase();
  if (kind === 'i') return (entry) => field(entry.header(wanted));
  if (kind === 'o') return (entry) => field(entry.responseHeader(wanted));
  if (kind === 'e') return (entry) => field(shown(entry.variable(wanted)));
  return letter !== undefined && Object.hasOwn(ATOMS, letter) ? ATOMS[letter] : undefined;
}

function shown(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string'
    ? value
    : inspect(value, { depth: 0, breakLength: Infinity });
}

function field(value: string | undefined): string {
  return value ? escapeField(value) : '-';
}

function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? '' : target.slice(mark + 1).replace(/#.*$/s, '');
}

/** As environ has it. */
function pathInfo({ target, scriptName }: AccessEntry): string {
  const path = unquoteToNative(target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, ''));
  return path.startsWith(`${scriptName}/`) || path === scriptName ? path.slice(scriptName.length) : path;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
let lastSecond = Number.NaN;
let lastTime = '';

/** `10/Oct/2000:13:55:36 -0700`: local time, English months. One text serves a whole second. */
export function clfTime(time: Date): string {
  const second = Math.floor(time.getTime() / 1000);
  if (second === lastSecond) return lastTime;
  const date = `${two(time.getDate())}/${MONTHS[time.getMonth()]}/${time.getFullYear()}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  lastSecond = second;
  lastTime = `${date}:${clock} ${zoneOf(time)}`;
  return lastTime;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function zoneOf(time: Date): string {
  // JavaScript counts the minutes to UTC, the log those from it.
  const east = -time.getTimezoneOffset();
  return `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
}

const SPECIAL = /[^ !#-[\]-~]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** As httpd's ap_escape_logitem: what a client sent can neither end a field or a line nor drive a terminal. */
export function escapeField(value: string): string {
  return value.replace(SPECIAL, (character) => ESCAPES[character] ?? hex(character));
}

function hex(character: string): string {
  const code = character.charCodeAt(0);
  const bytes = code > 0xff ? Buffer.from(character) : [code];
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
