/**
 * The rules for status and headers that an application passes to `start_response` (PEP 3333, RFC 9110 section 5), and the
 * response head that is made of them (RFC 9112 section 6).
 */
import { inspect } from 'node:util';
import { isHopByHop, TOKEN, trimBlanks, typeName } from '../environ/syntax.js';
import type { HeaderList } from '../environ/types.js';
import { ApplicationError } from '../errors.js';
import type { ResponseHead } from './sink.js';

export interface CheckedHead {
  readonly status: number;
  readonly reason: string;
  /** Flat: name, value, name, value; a copy of the application's list. */
  readonly headers: string[];
  /** What the application declared as Content-Length, in bytes. */
  readonly length: number | undefined;
  /** Where that stands in `headers`, or -1. */
  readonly lengthAt: number;
  /** The application named its own Server. */
  readonly hasServer: boolean;
}

/** What a header name means to the gateway. */
enum Kind {
  Ordinary,
  Length,
  Server,
  HopByHop,
  Status,
}

const KINDS: Readonly<Record<string, Kind>> = {
  'content-length': Kind.Length,
  server: Kind.Server,
  // CGI would take it for the status line.
  status: Kind.Status,
};

/** HTAB is allowed here (RFC 9110 section 5.5), although PEP 3333 would rather not see it. */
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const STATUS = /^([2-9][0-9]{2}) ((?:[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/;
const DIGITS = /^[0-9]+$/;

/** As many names and statuses as are remembered, so that an application that invents them cannot grow memory. */
const MEMORY = 1000;
const kinds = new Map<string, Kind>();
const statuses = new Map<string, readonly [code: number, reason: string]>();

/**
 * Checks and copies what `start_response` was given.
 * @throws ApplicationError that names the header and the rule; a value is never repeated, for it may be a secret.
 */
export function checkHead(status: unknown, headers: unknown): CheckedHead {
  const [code, reason] = parseStatus(status);
  if (!Array.isArray(headers)) {
    throw new ApplicationError(
      `The headers must be an array of [name, value] pairs, not ${typeName(headers)}`,
    );
  }
  const flat: string[] = [];
  let length: number | undefined;
  let lengthAt = -1;
  let hasServer = false;
  for (let i = 0; i < headers.length; i++) {
    const pair: unknown = headers[i];
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new ApplicationError(`Header ${i} is not a [name, value] pair but ${typeName(pair)}`);
    }
    const name: unknown = pair[0];
    const kind = kindOf(name);
    const value = checkValue(name as string, pair[1]);
    if (kind === Kind.Length) {
      length = checkLength(value, lengthAt);
      lengthAt = flat.length;
    } else if (kind === Kind.Server) hasServer = true;
    flat.push(name as string, value);
  }
  return { status: code, reason, headers: flat, length, lengthAt, hasServer };
}

function parseStatus(status: unknown): readonly [code: number, reason: string] {
  const known = statuses.get(status as string);
  if (known !== undefined) return known;
  if (typeof status !== 'string') {
    throw new ApplicationError(`The status must be a string such as "200 OK", not ${inspect(status)}`);
  }
  const parts = STATUS.exec(status);
  if (parts === null)
    throw new ApplicationError(`The status ${JSON.stringify(status)} ${statusFault(status)}`);
  const parsed = [Number(parts[1]), parts[2] as string] as const;
  if (statuses.size < MEMORY) statuses.set(status, parsed);
  return parsed;
}

function statusFault(status: string): string {
  if (/^1[0-9]{2} /.test(status))
    return 'is an interim one, which cannot be the response (RFC 9110 section 15.2)';
  if (/[^\x20-\x7e\x80-\xff]/.test(status)) return 'holds a character that a status line cannot carry';
  if (!/^[2-9][0-9]{2}(?![0-9])/.test(status))
    return 'does not begin with a code of three digits, 200 to 999';
  if (status[3] !== ' ') return 'has no space after the code: write "200 OK"';
  return 'has white space at an end';
}

function kindOf(name: unknown): Kind {
  let kind = kinds.get(name as string);
  if (kind === undefined) {
    kind = classify(name);
    if (kinds.size < MEMORY) kinds.set(name as string, kind);
  }
  if (kind === Kind.HopByHop) {
    throw new ApplicationError(`The header ${name} is hop-by-hop: only the server may send it (PEP 3333)`);
  }
  if (kind === Kind.Status)
    throw new ApplicationError('The header Status is not allowed: pass the status itself');
  return kind;
}

function classify(name: unknown): Kind {
  if (typeof name !== 'string')
    throw new ApplicationError(`A header name must be a string, not ${inspect(name)}`);
  if (!TOKEN.test(name))
    throw new ApplicationError(`The header name ${JSON.stringify(name)} is not a token (RFC 9110)`);
  // Names are ASCII by now, so that toLowerCase is ASCII lower-casing.
  const lower = name.toLowerCase();
  if (isHopByHop(lower)) return Kind.HopByHop;
  return Object.hasOwn(KINDS, lower) ? (KINDS[lower] as Kind) : Kind.Ordinary;
}

function checkValue(name: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new ApplicationError(`The value of the header ${name} must be a string, not ${typeName(value)}`);
  }
  if (BAD_VALUE.test(value)) {
    throw new ApplicationError(
      `The value of the header ${name} holds a control character, or one above U+00FF (encode text as latin-1 or RFC 8187)`,
    );
  }
  return value.trim() === value ? value : trimBlanks(value);
}

function checkLength(value: string, before: number): number {
  if (before !== -1) throw new ApplicationError('The header Content-Length appears more than once');
  const length = DIGITS.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length))
    throw new ApplicationError('The header Content-Length must be a number of bytes');
  return length;
}

export interface Framing {
  readonly head: ResponseHead;
  /** Bytes of body that the head promises; undefined: the transport marks the end. */
  readonly length: number | undefined;
  /** The application did not say so. */
  readonly inferred: boolean;
}

/** @param inferredLength of the body where it is known without the application's word. */
export function frame(checked: CheckedHead, isHead: boolean, inferredLength: number | undefined): Framing {
  const { status, reason, hasServer } = checked;
  const bodiless = isHead || hasNoBody(status);
  let { headers, length } = checked;
  let inferred = false;
  if (status === 204 || status === 205) {
    // RFC 9110 sections 8.6 and 15.3.6: no length on 204, and none but 0 on 205.
    if (checked.lengthAt !== -1) headers = headers.toSpliced(checked.lengthAt, 2);
    length = undefined;
    if (status === 205) headers.push('Content-Length', '0');
  } else if (length === undefined && inferredLength !== undefined && status !== 304) {
    length = inferredLength;
    inferred = true;
    headers.push('Content-Length', String(length));
  }
  const hasLength = length !== undefined || status === 205;
  return {
    head: { status, reason, headers, hasLength, bodiless, hasServer, close: false },
    length,
    inferred,
  };
}

/** Whatever the method (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** A Content-Length beyond the end of a file is corrected, as waitress does, rather than left unmet. */
export function shorten(checked: CheckedHead, size: number | undefined): CheckedHead {
  if (size === undefined || checked.length === undefined || checked.length <= size) return checked;
  const headers = checked.headers.with(checked.lengthAt + 1, String(size));
  return { ...checked, headers, length: size };
}

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

/** Early hints that are not sent. @throws as `checkEarlyHints`. */
export function checkHints(headers: HeaderList): void {
  checkEarlyHints(headers);
}

/**
 * Headers of the application for the 101 that opens a WebSocket. Flat: name, value, name, value.
 * @throws ApplicationError for headers that start_response would refuse, a Content-Length (RFC 9110 section 8.6), or those
 *   of the handshake itself (RFC 6455 section 11.3).
 */
export function checkHandshakeHeaders(headers: HeaderList): string[] {
  const { headers: checked, lengthAt } = checkHead('200 OK', headers);
  if (lengthAt !== -1) throw new ApplicationError('The 101 of a WebSocket cannot have a Content-Length');
  for (let i = 0; i < checked.length; i += 2) {
    if (!/^sec-websocket-/i.test(checked[i] as string)) continue;
    throw new ApplicationError(
      `The header ${checked[i]} is part of the handshake: only the server may send it`,
    );
  }
  return checked;
}
