/** The headers of a part of multipart/form-data: RFC 7578 section 4, RFC 2183, and the notation of RFC 2231. */
import { isUtf8 } from 'node:buffer';
import { RequestError } from '../../errors.js';
import { unquoteToNative } from '../native-string.js';
import { TOKEN } from '../syntax.js';
import { charsetOf, decoderOf } from './charset.js';

export interface PartHead {
  /** Of the field. */
  readonly name: string;
  /** Without a path (RFC 7578 section 4.2); undefined: the part is a field. */
  readonly filename: string | undefined;
  /** Browsers send filename="" and no byte for a file input that was left empty. */
  readonly noneIfEmpty: boolean;
  /** The media type, without parameters. */
  readonly contentType: string;
  /** As the part names it. */
  readonly charset: string;
}

type Parameters = ReadonlyMap<string, string>;

/** @throws RequestError 400 if any of it cannot be read: no one would notice that a part was left out. */
export function readPartHead(bytes: Buffer): PartHead {
  const headers = readHeaders(bytes);
  const disposition = headers.get('content-disposition');
  if (disposition === undefined) throw malformed('a part has no Content-Disposition');
  const parameters = readDisposition(disposition);
  const name = parameterOf(parameters, 'name');
  if (name === undefined) throw malformed('a part has no name');
  const filename = parameterOf(parameters, 'filename');
  const header = headers.get('content-type') ?? '';
  // RFC 7578 section 4.4.
  const contentType = trim(header.split(';', 1)[0] ?? '').toLowerCase() || 'text/plain';
  const isFile = filename !== undefined || contentType === 'application/octet-stream';
  return {
    name,
    filename: isFile ? withoutPath(filename ?? '') : undefined,
    noneIfEmpty: filename === '',
    contentType,
    charset: charsetOf(header),
  };
}

/** The error that says what is wrong. */
export function malformed(why: string): RequestError {
  return new RequestError(400, `The multipart form is malformed: ${why}`);
}

export function badHeader(why: string): RequestError {
  return malformed(`Malformed part header: ${why}`);
}

/** By lower-case name. RFC 2046 section 5.1: those that a form has no use for are ignored. */
function readHeaders(bytes: Buffer): Map<string, string> {
  // Browsers send UTF-8 (RFC 7578 section 5.1). Replaced by U+FFFD, two names could become one.
  if (!isUtf8(bytes)) throw badHeader('it is not UTF-8');
  // RFC 822 section 3.1.1: a line that starts with white space belongs to the one before.
  const text = bytes.toString('utf8').replace(/\r\n[ \t]/g, ' ');
  const headers = new Map<string, string>();
  if (text === '') return headers;
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!TOKEN.test(name)) throw badHeader(`${shown(line)} is not a name, a colon and a value`);
    if (/[\0-\x08\x0a-\x1f\x7f]/.test(line)) throw badHeader(`${shown(line)} has a control character`);
    if (headers.has(name) && /^content-(disposition|type)$/.test(name)) {
      throw badHeader(`${line.slice(0, colon)} appears more than once`);
    }
    headers.set(name, trim(line.slice(colon + 1)));
  }
  return headers;
}

const SEPARATOR = /[ \t]*;[ \t]*/y;
// In a quoted string a backslash escapes a quotation mark and itself. Others stay: browsers once sent whole paths.
const PARAMETER =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\["\\]|\\(?!["\\]))*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))/y;

/** The parameters of `form-data`, by lower-case name, values of RFC 2231 as they came. */
function readDisposition(header: string): Parameters {
  const type = trim(header.split(';', 1)[0] ?? '');
  if (type.toLowerCase() !== 'form-data') throw malformed(`a part is ${shown(type)}, not form-data`);
  const parameters = new Map<string, string>();
  for (let at = header.indexOf(';'); at !== -1 && at < header.length; ) {
    const next = endOfMatch(SEPARATOR, header, at);
    if (next === undefined) throw badParameter(header, at);
    PARAMETER.lastIndex = next;
    const found = PARAMETER.exec(header);
    at = found === null ? next : PARAMETER.lastIndex;
    if (found === null) {
      // A semicolon after the last one, or two in a row.
      if (next < header.length && header[next] !== ';') throw badParameter(header, next);
      continue;
    }
    const [, spelled = '', quoted, token = ''] = found;
    const name = spelled.toLowerCase();
    // RFC 2231 section 4: an extended value is not a quoted string.
    if (quoted !== undefined && name.endsWith('*')) throw badParameter(header, next);
    if (parameters.has(name)) throw badHeader(`the parameter ${name} appears more than once`);
    parameters.set(name, quoted?.replace(/\\(["\\])/g, '$1') ?? token);
  }
  return parameters;
}

function endOfMatch(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function badParameter(header: string, at: number): RequestError {
  const rest = header.slice(at);
  let why = 'is not ; name="value"';
  if (/^[^;=" \t]+="/.test(rest))
    why = 'has a quotation mark that is not closed, or quotes what must not be quoted';
  else if (/^[^;="]*(?:[ \t]=|=[ \t])/.test(rest)) why = 'has white space next to the equals sign';
  return badHeader(`Content-Disposition: ${shown(rest)} ${why}`);
}

/** The value of a parameter, in any notation; the extended one first (RFC 6266 section 4.3). */
function parameterOf(parameters: Parameters, name: string): string | undefined {
  const extended = parameters.get(`${name}*`);
  const sections: Section[] = [];
  for (let n = 0; ; n++) {
    const section = sectionOf(parameters, `${name}*${n}`);
    if (section === undefined) break;
    sections.push(section);
  }
  let known = sections.length;
  for (const key of parameters.keys()) if (key.startsWith(`${name}*`) && /\*\d+\*?$/.test(key)) known--;
  if (known !== 0) throw badHeader(`the sections of the parameter ${name} are not numbered from 0`);
  if (extended !== undefined && sections.length > 0) {
    throw badHeader(`the parameter ${name} appears more than once`);
  }
  if (extended !== undefined) return joined(name, [{ value: extended, encoded: true }]);
  return sections.length > 0 ? joined(name, sections) : parameters.get(name);
}

/** RFC 2231 section 3: a value in several parameters. */
interface Section {
  readonly value: string;
  /** Section 4.1: percent-encoded. */
  readonly encoded: boolean;
}

function sectionOf(parameters: Parameters, key: string): Section | undefined {
  const encoded = parameters.get(`${key}*`);
  const plain = parameters.get(key);
  if (encoded !== undefined && plain !== undefined)
    throw badHeader(`the parameter ${key} appears more than once`);
  const value = encoded ?? plain;
  return value === undefined ? undefined : { value, encoded: encoded !== undefined };
}

/** RFC 2231 section 4, RFC 8187 section 3.2: the first value starts with the charset and the language. */
function joined(name: string, sections: readonly Section[]): string {
  let decode: ((bytes: Buffer) => string) | undefined;
  let text = '';
  // Encoded sections in a row are decoded as one: a character may be cut.
  let bytes = '';
  sections.forEach(({ value, encoded }, n) => {
    let rest = value;
    if (encoded && n === 0) {
      const start = /^([^']*)'[^']*'/.exec(value);
      if (start === null || start[0].length === value.length) {
        throw badHeader(`the parameter ${name}* is ${shown(value)}, not charset'language'value`);
      }
      decode = decoderOf(start[1] ?? '');
      rest = value.slice(start[0].length);
    }
    // Where the charset is not known the value stays as it was sent: nothing is lost.
    if (encoded && decode !== undefined) bytes += unquoteToNative(rest);
    else {
      text += decoded(bytes, decode) + rest;
      bytes = '';
    }
  });
  return text + decoded(bytes, decode);
}

function decoded(native: string, decode: ((bytes: Buffer) => string) | undefined): string {
  return decode === undefined ? native : decode(Buffer.from(native, 'latin1'));
}

function withoutPath(filename: string): string {
  const name = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
  return name === '.' || name === '..' ? '' : name;
}

/** Without spaces and tabs at its ends. By hand: an expression would take quadratic time. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
