/** The response that is a file, a part of one, or the news that the client has it already. */
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileWrapper } from '../environ/file-wrapper.js';
import type { Body, Environ, HeaderList, StartResponse } from '../environ/types.js';
import { formatDateTime } from '../util/date.js';
import { parseRange, RangeReader } from './byte-range.js';
import { failedPrecondition, rangeApplies, type Validators } from './preconditions.js';
import { isNotThere, type SharedFile } from './shared-path.js';

/** The path holds no link any more; one that is there was put there since. Windows has no such flag. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * Answers GET or HEAD. Only a GET that gets bytes opens the file: with `wsgi.file_wrapper`, whose `close()`, which the
 * server calls, closes it.
 * @returns undefined, with nothing started, if the file is gone by now.
 */
export async function sendFile(
  { path, stats }: SharedFile,
  type: string,
  cacheControl: string | undefined,
  environ: Environ,
  start_response: StartResponse,
): Promise<Body | undefined> {
  const validators = validatorsOf(stats);
  const caching: HeaderList = cacheControl === undefined ? [] : [['Cache-Control', cacheControl]];
  const failed = failedPrecondition(environ, validators);
  if (failed === 304) {
    // What the client has of it is right; only these headers may update it (RFC 9110 section 15.4.5).
    start_response('304 Not Modified', [['ETag', validators.etag], ...caching]);
    return [];
  }
  if (failed === 412) {
    start_response('412 Precondition Failed', [['Content-Length', '0']]);
    return [];
  }
  if (environ.REQUEST_METHOD === 'HEAD') {
    start_response('200 OK', [...entityHeaders(type, stats.size, validators), ...caching]);
    return [];
  }
  const handle = await openFile(path);
  if (handle === undefined) return undefined;
  try {
    return await sendOpened(handle, type, caching, environ, start_response);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, READ);
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
  environ: Environ,
  start_response: StartResponse,
): Promise<Body> {
  const stats = await handle.stat({ bigint: true });
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
