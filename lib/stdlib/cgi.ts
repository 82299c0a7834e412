/** Python's `cgi`, which Python 3.13 has no more: forms by name, for programs that were written with it. */
import { BodyInput } from '../environ/input/input.js';
import { andThen } from '../environ/maybe-promise.js';
import type { BlockingInput, Input, MaybePromise } from '../environ/types.js';
import { bind, type Dict, makeDict } from './arguments.js';
import { type FieldStorageOptions, formRequest } from './cgi/arguments.js';
import { type FieldValue, made, readForm } from './cgi/field-storage.js';
import type { FormFile } from './cgi/form-source.js';
import { KeyError, UnicodeDecodeError } from './errors.js';
import type { BytesIO } from './io.js';

export type { FieldStorageArguments, FieldStorageOptions } from './cgi/arguments.js';
export { type Field, FieldStorage, type FieldValue, MiniFieldStorage } from './cgi/field-storage.js';
export { parse_header } from './cgi/parse-header.js';
export { TemporaryFile } from './cgi/uploads.js';

/** The parameters of the Content-Type, as `parse_header` gives them, but for the boundary, which has to be bytes. */
export interface MultipartParameters {
  readonly boundary: Uint8Array;
  readonly 'CONTENT-LENGTH'?: string | number;
}

export type MultipartOptions = Pick<FieldStorageOptions, 'encoding' | 'errors' | 'separator'>;

/**
 * The fields of a multipart form as a dict of lists: text, and the bytes of files without their names. Parts without a name
 * are left out.
 * @param given `encoding`, `errors` and `separator`, by position or in a last object.
 * @returns a promise for the event loop's `wsgi.input`.
 * @throws KeyError without a boundary; TypeError where it is text (`Buffer.from(boundary)`); the rest as FieldStorage.
 */
export function parse_multipart(
  fp: BytesIO | BlockingInput,
  pdict: MultipartParameters,
  ...given: readonly (string | MultipartOptions)[]
): Dict<FieldValue[]>;
export function parse_multipart(
  fp: Input,
  pdict: MultipartParameters,
  ...given: readonly (string | MultipartOptions)[]
): Promise<Dict<FieldValue[]>>;
export function parse_multipart(
  fp: FormFile,
  pdict: MultipartParameters,
  ...given: readonly (string | MultipartOptions)[]
): MaybePromise<Dict<FieldValue[]>> {
  const { boundary, 'CONTENT-LENGTH': length } = pdict as Partial<MultipartParameters>;
  if (boundary === undefined) throw new KeyError('boundary');
  if (!(boundary instanceof Uint8Array))
    throw new TypeError('The boundary has to be bytes: Buffer.from(boundary)');
  if (boundary.some((byte) => byte > 0x7f)) throw new UnicodeDecodeError('The boundary is not ASCII');
  const headers = makeDict([
    ['content-type', `multipart/form-data; boundary=${Buffer.from(boundary).toString('latin1')}`],
  ]);
  if (length !== undefined) headers['content-length'] = String(length);
  const named = bind('parse_multipart', ['encoding', 'errors', 'separator'], given);
  const request = formRequest([{ ...named, fp, headers, environ: { REQUEST_METHOD: 'POST' } }]);
  return andThen(readForm(request, fp instanceof BodyInput), (read) => {
    const form = made(read);
    const names = form.keys().filter((key) => key !== null);
    const fields = makeDict(names.map((name) => [name, form.getlist(name)] as const));
    return andThen(form.close(), () => fields);
  });
}
