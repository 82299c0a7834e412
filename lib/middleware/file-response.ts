/** The response that is a file, a part of one, or says that the client has it already. */
import { type BigIntStats, constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import { fileWrapper } from '../environ/file/file-wrapper.js';
import type { AnyEnviron, Body, HeaderList, StartResponse } from '../environ/types.js';
import { formatDateTime } from '../util/http-date.js';
import { failedPrecondition, parseRange, RangeReader, rangeApplies, type Validators } from './conditional.js';
import { isNotThere, type SharedFile } from './shared-path.js';

/**
 * The path held no link; one that is there now was put there since, as was a FIFO, which would keep `open` waiting
 * for its writer. Windows has neither flag.
 */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Answers GET or HEAD. Only a GET that gets bytes opens the file: with `wsgi.file_wrapper`, whose `close()`, which the
 * server calls, closes it.
 * @returns undefined, with nothing started, if the file was removed meanwhile.
 */
export async function sendFile(
  { path, stats }: SharedFile,
  type: string,
  cacheControl: string | undefined,
  environ: AnyEnviron,
  start_response: StartResponse,
): Promise<Body | undefined> {
  const isHead = environ.REQUEST_METHOD === 'HEAD';
  const validators = validatorsOf(stats);
  const caching: HeaderList = cacheControl === undefined ? [] : [['Cache-Control', cacheControl]];
  const failed = failedPrecondition(environ, validators);
  if ((isHead || failed !== undefined) && !(await isReadable(path))) return undefined;
  if (failed === 304) {
    // What the client has of it is right; only these headers may update it (RFC 9110 section 15.4.5).
    start_response('304 Not Modified', [['ETag', validators.etag], ...caching]);
    return [];
  }
  if (failed === 412) {
    start_response('412 Precondition Failed', [['Content-Length', '0']]);
    return [];
  }
  if (isHead) {
    start_response('200 OK', [...entityHeaders(type, stats.size, validators), ...caching]);
    return [];
  }
  const handle = await ifThere(open(path, READ));
  if (handle === undefined) return undefined;
  try {
    return await sendOpened(handle, type, caching, environ, start_response);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What is answered without opening the file must be what a GET would be answered from. */
async function isReadable(path: string): Promise<boolean> {
  return (await ifThere(access(path, constants.R_OK).then(() => true))) === true;
}

async function ifThere<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

/** What the headers say is true of the file that is open, which may be a newer one than was found. */
async function sendOpened(
  handle: FileHandle,
  type: string,
  caching: HeaderList,
  environ: AnyEnviron,
  start_response: StartResponse,
): Promise<Body | undefined> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) {
    await handle.close();
    return undefined;
  }
  const validators = validatorsOf(stats);
  const size = Number(stats.size);
  const range = rangeApplies(environ, validators) ? parseRange(environ['HTTP_RANGE'], size) : undefined;
  if (range === null) {
    start_response('416 Range Not Satisfiable', [
      ['Content-Range', `bytes */${size}`],
      ['Content-Length', '0'],
    ]);
    await handle.close();
    return [];
  }
  // An extension that a server need not have (PEP 3333 "Optional Platform-Specific File Handling").
  const wrap = environ['wsgi.file_wrapper'] ?? fileWrapper;
  if (range === undefined) {
    start_response('200 OK', [...entityHeaders(type, stats.size, validators), ...caching]);
    return wrap(handle);
  }
  const { first, last } = range;
  start_response('206 Partial Content', [
    ['Content-Range', `bytes ${first}-${last}/${size}`],
    ...entityHeaders(type, last - first + 1, validators),
    ...caching,
  ]);
  return wrap(new RangeReader(handle, range));
}

function entityHeaders(type: string, length: number | bigint, validators: Validators): HeaderList {
  return [
    ['Content-Type', type],
    ['Content-Length', String(length)],
    ['Last-Modified', validators.lastModified],
    ['ETag', validators.etag],
    ['Accept-Ranges', 'bytes'],
  ];
}

/** Size and time to the nanosecond: two versions that share both are not told apart, as with nginx and Apache. */
function validatorsOf({ size, mtimeNs, mtimeMs }: BigIntStats): Validators {
  const etag = `"${mtimeNs.toString(16)}-${size.toString(16)}"`;
  // A clock may have been wrong: a date from the future would never be reached (RFC 9110 section 8.8.2.1).
  const seconds = Math.min(Number(mtimeMs), Date.now()) / 1000;
  return { etag, lastModified: formatDateTime(seconds) };
}
