/** The arguments of `cgi.FieldStorage`, by position or by name, and what they say about a form. */
import { checkOptions, FORM_LIMITS, type FormLimits, FormMeter } from '../../environ/form/options.js';
import { typeName } from '../../environ/syntax.js';
import { bind, type Dict, makeDict } from '../arguments.js';
import { BytesIO } from '../io.js';
import { type FormFile, standardInput } from './form-source.js';
import { TextDecoding } from './text.js';

/** Python's arguments, and the limits of `parseForm`, with its defaults. */
export interface FieldStorageOptions extends Partial<FormLimits> {
  /** Default: `wsgi.input` of environ; without one, standard input. A GET does not read it. */
  fp?: FormFile | null;
  /** Lower-case names; default: as environ says. */
  headers?: Readonly<Record<string, string>> | null;
  /** Where the form is a part of another: the boundary that ends it. */
  outerboundary?: Uint8Array;
  /** Default: the environment variables, as in a CGI script. */
  environ?: object;
  /** Default false: fields with an empty value are left out. */
  keep_blank_values?: boolean | number;
  /** Default false; true: a ValueError for a field without `=`. */
  strict_parsing?: boolean | number;
  /** Bytes, for a part of a form. */
  limit?: number | null;
  /** Default UTF-8. */
  encoding?: string;
  /** `replace` (default), `strict` or `ignore`. */
  errors?: string;
  /** More are a ValueError. */
  max_num_fields?: number | null;
  /** Default `&`. */
  separator?: string;
  /** Where uploads go that are larger than 1000 bytes; default: a fresh folder in that of the system. */
  uploadDir?: string | undefined;
}

/** By position in Python's order, by name in a last object, or both. */
export type FieldStorageArguments =
  | readonly [options?: FieldStorageOptions]
  | readonly [
      fp: FormFile | null | undefined,
      headers?: FieldStorageOptions['headers'] | FieldStorageOptions,
      outerboundary?: Uint8Array | FieldStorageOptions,
      environ?: object | FieldStorageOptions,
      ...rest: unknown[],
    ];

export interface FormRequest {
  /** What was given, whether it is read or not. */
  readonly input: unknown;
  readonly fp: unknown;
  readonly method: string;
  readonly headers: Dict<string>;
  readonly outerboundary: Buffer;
  readonly limit: number | null;
  /** The query string, where the body has fields as well. */
  readonly queryOnPost: string;
  readonly keep_blank_values: boolean;
  readonly strict_parsing: boolean;
  readonly max_num_fields: number | null;
  readonly separator: string;
  readonly text: TextDecoding;
  readonly limits: FormLimits;
  readonly meter: FormMeter;
  readonly uploadDir: string | undefined;
}

const PYTHONS = [
  ...[
    'fp',
    'headers',
    'outerboundary',
    'environ',
    'keep_blank_values',
    'strict_parsing',
    'limit',
    'encoding',
  ],
  ...['errors', 'max_num_fields', 'separator'],
];
const NAMES = [...PYTHONS, ...Object.keys(FORM_LIMITS), 'uploadDir'];
/** These two are plain objects themselves. */
const DICTS = [PYTHONS.indexOf('headers'), PYTHONS.indexOf('environ')];

/** @throws TypeError for wrong arguments; ConfigError for wrong limits. */
export function formRequest(given: FieldStorageArguments): FormRequest {
  const options = bindAll(given);
  const environ = (options.environ ?? process.env) as Readonly<Record<string, unknown>>;
  const method = textOf(environ, 'REQUEST_METHOD', 'GET').toUpperCase();
  const query = textOf(environ, 'QUERY_STRING', '');
  const isQuery = method === 'GET' || method === 'HEAD';
  const limits = checkOptions(options as Partial<FormLimits>);
  const { headers, outerboundary } = options;
  const input = options.fp ?? environ['wsgi.input'];
  if (headers !== undefined && headers !== null && typeof headers !== 'object') {
    throw new TypeError(`headers must be a dict, not ${typeName(headers)}`);
  }
  return {
    input,
    fp: isQuery ? new BytesIO(Buffer.from(query)) : (input ?? standardInput()),
    method,
    headers: headers ? makeDict(Object.entries(headers)) : headersOf(environ, method),
    outerboundary: Buffer.from(outerboundary ?? []),
    limit: options.limit ?? null,
    queryOnPost: isQuery || headers ? '' : query,
    keep_blank_values: Boolean(options.keep_blank_values),
    strict_parsing: Boolean(options.strict_parsing),
    max_num_fields: options.max_num_fields ?? null,
    separator: options.separator ?? '&',
    text: new TextDecoding(options.encoding ?? 'utf-8', options.errors ?? 'replace'),
    limits,
    meter: new FormMeter(limits),
    uploadDir: options.uploadDir,
  };
}

/** An environ in its place is not an object of names, though it is a plain one. */
function bindAll(given: FieldStorageArguments): FieldStorageOptions {
  const last: unknown = given.at(-1);
  const isDict =
    DICTS.includes(given.length - 1) &&
    typeof last === 'object' &&
    last !== null &&
    !(
      given.length > 1 &&
      Object.keys(last).length > 0 &&
      Object.keys(last).every((key) => NAMES.includes(key))
    );
  return bind('FieldStorage', NAMES, isDict ? [...given, undefined] : given);
}

/** As the CGI variables say. Only a POST has a default, the one of old. */
function headersOf(environ: Readonly<Record<string, unknown>>, method: string): Dict<string> {
  const headers = makeDict<string>();
  if (method === 'GET' || method === 'HEAD' || method === 'POST') {
    headers['content-type'] = 'application/x-www-form-urlencoded';
  }
  if (method === 'GET' || method === 'HEAD') return headers;
  if (environ['CONTENT_TYPE'] !== undefined) headers['content-type'] = textOf(environ, 'CONTENT_TYPE', '');
  if (environ['CONTENT_LENGTH'] !== undefined)
    headers['content-length'] = textOf(environ, 'CONTENT_LENGTH', '');
  return headers;
}

function textOf(environ: Readonly<Record<string, unknown>>, key: string, missing: string): string {
  const value = environ[key] ?? missing;
  if (typeof value === 'string') return value;
  throw new TypeError(`environ['${key}'] must be a string, not ${typeName(value)}`);
}
