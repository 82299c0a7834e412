/** An option of the table, and the kinds of value: how each is checked, and how the command line spells it. */
import { isIP } from 'node:net';
import { inspect } from 'node:util';
import { parseUrl } from '../../environ/syntax.js';
import { ConfigError } from '../../errors.js';
import { formatFault } from '../log/access-format.js';
import { BIND_RULE, bindAddressFault, parseBindAddress, parseHost, socketPathFault } from './bind-address.js';

export interface Kind<T> {
  /** What stands for the value in --help; a flag without a value has none. */
  readonly metavar?: string;
  /** The command line may give it more than once; the values are collected in an array. */
  readonly repeatable?: boolean;
  /** Why the command line may not give it twice with different values, where the last does not just win. */
  readonly once?: string;
  /** What a flag without a value means, and which words are a value of it (argparse's `nargs='?'`). */
  readonly bare?: { readonly value: string; readonly words: readonly string[] };
  /** The value, or a ConfigError naming `label`, value and rule. A checked value passes unchanged. */
  check(value: unknown, label: string): T;
  /** Turns text of the command line into something for `check`; text that cannot be one stays text. */
  parse(text: string): unknown;
}

export type Group =
  | 'Server socket'
  | 'Workers'
  | 'Threads'
  | 'Timeouts'
  | 'Limits'
  | 'Logging'
  | 'Status'
  | 'TLS'
  | 'Environ'
  | 'WebSocket'
  | 'Topics'
  | 'Python'
  | 'Command';

interface Entry {
  readonly group: Group;
  /** One sentence, with the unit and what 0 or nothing means; the default is added from the table. */
  readonly doc: string;
  /** With dashes, the usual one first; none: not on the command line. */
  readonly flags?: readonly string[];
  /** gunicorn's name in a config file, where it is not this name in snake_case. */
  readonly gunicorn?: string;
  /** Command options only: a config file may set it too. */
  readonly inConfigFile?: boolean;
}

export interface Option<T = unknown, D = unknown> extends Entry {
  readonly kind: Kind<T>;
  readonly default: D;
  readonly flags: readonly string[];
}

export function option<T, D extends T | undefined>(kind: Kind<T>, initial: D, entry: Entry): Option<T, D> {
  return { flags: [], ...entry, kind, default: initial };
}

/** setTimeout's longest wait is 2^31 - 1 ms; anything above fires at once. */
const MAX_MS = 2_147_483_647;

function refuse(label: string, rule: string, value: unknown): never {
  const shown = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 100 });
  throw new ConfigError(`${label} must be ${rule}, not ${shown}`);
}

/** A kind from its rule in words and the function that finds the value, undefined if there is none. */
function kind<T extends {}>(
  metavar: string,
  rule: string,
  find: (value: unknown) => T | undefined,
  parse: (text: string) => unknown = (text) => text,
): Kind<T> {
  return { metavar, parse, check: (value, label) => find(value) ?? refuse(label, rule, value) };
}

function number(metavar: string, rule: string, accept: (value: number) => boolean, parse = parseNumber) {
  const find = (value: unknown) => (typeof value === 'number' && accept(value) ? value : undefined);
  return kind<number>(metavar, rule, find, parse);
}

export function wholeNumber(min: number, max: number, metavar = 'N'): Kind<number> {
  const accept = (value: number) => Number.isInteger(value) && value >= min && value <= max;
  return number(metavar, `a whole number from ${min} to ${max}`, accept, parseWhole);
}

/** How many processes serve; `auto` is one for each CPU that this one may use. */
export const workers = kind<number | 'auto'>(
  'N',
  "a whole number from 1 to 1024, or 'auto' for one per CPU",
  (value) => {
    if (value === 'auto') return value;
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1024
      ? value
      : undefined;
  },
  parseWhole,
);

export const port = wholeNumber(0, 65535, 'PORT');

export const seconds = number(
  'SECONDS',
  `a number of seconds from 0 to ${Math.floor(MAX_MS / 1000)}`,
  (value) => value >= 0 && value <= MAX_MS / 1000,
);

/** Seconds of what is in milliseconds in Node: a number above `most`, too long to wait for, is taken for those. */
export function secondsUpTo(most: number): Kind<number> {
  const kept = number(
    'SECONDS',
    `a number of seconds from 0 to ${most}`,
    (value) => value >= 0 && value <= most,
  );
  return {
    ...kept,
    check(value, label) {
      if (typeof value !== 'number' || !(value > most && value < Infinity)) return kept.check(value, label);
      throw new ConfigError(
        `${label} is in seconds, ${most} at most: ${value} looks like milliseconds, write ${value / 1000}`,
      );
    },
  };
}

/** On the command line also with k, m or g for its powers of 1024, as nginx has it. */
export function bytes(min = 0): Kind<number> {
  const accept = (value: number) => Number.isSafeInteger(value) && value >= min;
  return number(
    'BYTES',
    `a whole number of bytes from ${min} to ${Number.MAX_SAFE_INTEGER}`,
    accept,
    parseBytes,
  );
}

function parseNumber(text: string): unknown {
  return /^-?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text;
}

/** Of digits alone: what JavaScript would round is not taken for a number. */
function parseWhole(text: string): unknown {
  return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

function parseBytes(text: string): unknown {
  const match = /^(\d+)([kmg])b?$/i.exec(text);
  if (!match) return parseWhole(text);
  return Number(match[1]) * 1024 ** ('kmg'.indexOf((match[2] ?? '').toLowerCase()) + 1);
}

/** Text that `accept` takes; `rule` says what that is. */
export function text(metavar: string, rule: string, accept: (value: string) => boolean): Kind<string> {
  const find = (value: unknown) => (typeof value === 'string' && accept(value) ? value : undefined);
  return kind(metavar, rule, find);
}

export function path(metavar = 'FILE'): Kind<string> {
  return text(metavar, 'a path', (value) => value !== '' && !value.includes('\0'));
}

export const host = kind('HOST', "a host name, an IP address or '' (all interfaces)", (value) =>
  typeof value === 'string' ? parseHost(value) : undefined,
);

const address = text('ADDRESS', BIND_RULE, (value) => parseBindAddress(value) !== undefined);

export const bind: Kind<string> = {
  ...address,
  // gunicorn would listen at both.
  once: 'a server listens at one address. Start another one for each further address, or let a proxy listen there',
  check(value, label) {
    const wrong = typeof value === 'string' ? bindAddressFault(value) : undefined;
    if (wrong !== undefined)
      throw new ConfigError(`${label} must be ${BIND_RULE}, not ${inspect(value)}: ${wrong}`);
    const checked = address.check(value, label);
    const { socketPath } = parseBindAddress(checked) ?? {};
    const fault = socketPath === undefined ? undefined : socketPathFault(socketPath);
    if (fault !== undefined) throw new ConfigError(`${label}: the path ${inspect(socketPath)} ${fault}`);
    return checked;
  },
};

/** One of a few words, in any case. */
export function oneOf<const W extends string>(metavar: string, words: readonly W[]): Kind<W> {
  const find = (value: unknown) =>
    typeof value === 'string' ? words.find((word) => word === value.toLowerCase()) : undefined;
  return kind(metavar, `one of ${words.join(', ')}`, find);
}

export const flag: Kind<boolean> = {
  check: (value, label) => (typeof value === 'boolean' ? value : refuse(label, 'true or false', value)),
  parse: (text) => text,
};

/** What a browser sends as `Origin` (RFC 6454 section 7): scheme, host and a port that is not the default. */
export const origins = kind<readonly string[]>(
  'ORIGINS',
  "a list of origins such as 'https://example.com', each without a path",
  (value) => {
    if (!Array.isArray(value)) return undefined;
    const found = value.map((entry: unknown) => (typeof entry === 'string' ? toOrigin(entry) : undefined));
    return found.every((origin) => origin !== undefined) ? found : undefined;
  },
  splitList,
);

function toOrigin(text: string): string | undefined {
  if (text === 'null') return text;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+$/i.test(text)) return undefined;
  const origin = parseUrl(text)?.origin;
  // The origin of a scheme that the URL standard does not know (an app's own) is opaque; browsers send it as it is.
  return origin === 'null' ? text.toLowerCase() : origin;
}

/** Which proxies are trusted: gunicorn's `forwarded_allow_ips`. */
export const addresses = kind<readonly string[]>(
  'ADDRESSES',
  "a list of IP addresses, CIDR ranges such as '10.0.0.0/8', or '*'",
  (value) => (Array.isArray(value) && value.every(isAddressRange) ? value : undefined),
  (text) => splitList(text).filter((entry) => entry !== ''),
);

function isAddressRange(entry: unknown): boolean {
  if (entry === '*') return true;
  const match = typeof entry === 'string' ? /^([^%/]+)(?:\/(\d{1,3}))?$/.exec(entry) : null;
  const version = isIP(match?.[1] ?? '');
  return version !== 0 && Number(match?.[2] ?? 0) <= (version === 4 ? 32 : 128);
}

function splitList(text: string): string[] {
  return text.split(',').map((entry) => entry.trim());
}

/** Keys to add to every environ. */
export const keys = kind<Readonly<Record<string, unknown>>>('', 'an object of environ keys', (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined,
);

/** gunicorn's `raw_env`: an array of K=V. */
export const assignments: Kind<readonly string[]> = {
  ...kind<readonly string[]>('KEY=VALUE', 'a list of KEY=VALUE texts', (value) =>
    Array.isArray(value) && value.every(isAssignment) ? value : undefined,
  ),
  repeatable: true,
};

function isAssignment(entry: unknown): boolean {
  return typeof entry === 'string' && /^[^=\0]+=[^\0]*$/s.test(entry);
}

/** Permission bits; octal on the command line, with or without 0o. */
export const umask = number(
  'MASK',
  'permission bits from 0 to 0o777',
  (value) => Number.isInteger(value) && value >= 0 && value <= 0o777,
  (text) => (/^(0o)?[0-7]+$/i.test(text) ? Number.parseInt(text.replace(/^0o/i, ''), 8) : text),
);

/** gunicorn's words, with what a config file may say for them. */
const PROXY_PROTOCOL = oneOf('VERSION', ['off', 'v1', 'v2', 'auto']);
export const proxyProtocol: typeof PROXY_PROTOCOL = {
  ...PROXY_PROTOCOL,
  bare: { value: 'auto', words: ['off', 'v1', 'v2', 'auto'] },
  check: (value, label) =>
    PROXY_PROTOCOL.check(value === true ? 'auto' : value === false ? 'off' : value, label),
};

/** Python's `ssl.CERT_NONE`, `CERT_OPTIONAL` and `CERT_REQUIRED`, as numbers or words. */
const CERT_WORDS = ['none', 'optional', 'required'] as const;
export const certReqs = kind<(typeof CERT_WORDS)[number]>(
  'WHICH',
  'none, optional, required, or 0, 1, 2',
  (value) => {
    if (typeof value === 'number') return CERT_WORDS[value];
    return typeof value === 'string' ? CERT_WORDS.find((word) => word === value.toLowerCase()) : undefined;
  },
  parseWhole,
);

/** A format of the access log: see `compileFormat`. */
export const logFormat: Kind<string> = {
  metavar: 'FORMAT',
  parse: (text) => text,
  check(value, label) {
    if (typeof value !== 'string' || value === '')
      return refuse(label, 'a format such as %(h)s "%(r)s"', value);
    const fault = formatFault(value);
    if (fault !== undefined) throw new ConfigError(`${label}: ${fault}`);
    return value;
  },
};

/** A user or a group: its name, or its number. */
export function owner(metavar: string): Kind<string | number> {
  const MOST = 0xff_ff_ff_fe;
  return kind<string | number>(
    metavar,
    `a name, or a number from 0 to ${MOST}`,
    (value) => {
      if (typeof value === 'number')
        return Number.isInteger(value) && value >= 0 && value <= MOST ? value : undefined;
      return typeof value === 'string' && /^[^\s:,/\0-\x1f-][^\s:,/\0-\x1f]*$/.test(value)
        ? value
        : undefined;
    },
    parseWhole,
  );
}
