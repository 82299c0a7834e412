/** Files in front of an application (werkzeug's SharedDataMiddleware, F-Z002, with ranges and without its gaps). */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { quoteNative } from '../environ/native-string.js';
import type { AnyEnviron, ApplicationOn, Body, Environ, StartResponse } from '../environ/types.js';
import { ConfigError } from '../errors.js';
import { checkOptionNames } from '../option-names.js';
import { checkApplication, covers, type Mounted, mountTable } from './arguments.js';
import { sendFile } from './file-response.js';
import { extensionOf, mediaType } from './media-types.js';
import { fileNames, findShared, type PathRules, type SharedFile } from './shared-path.js';

export interface SharedDataOptions {
  /**
   * Seconds for which a file may be used without asking again (Cache-Control); null: no such header. Default 43200,
   * twelve hours, as in werkzeug.
   */
  readonly maxAge?: number | null | undefined;
  /** The file that is served for its folder, such as `index.html`. Default: none, and folders are not served. */
  readonly index?: string | undefined;
  /** Serve names that begin with a dot. Default false. */
  readonly dotFiles?: boolean | undefined;
  /** Serve what symbolic links lead to, outside of the folder too. Default false: only inside. */
  readonly followLinks?: boolean | undefined;
  /** Content-Type by file extension, ahead of ours: `{ glb: 'model/gltf-binary' }`. */
  readonly types?: Readonly<Record<string, string>> | undefined;
  /** Content-Type of files whose extension says nothing. Default `application/octet-stream`, as in werkzeug. */
  readonly fallbackType?: string | undefined;
}

/** Prefixes and the file or folder of each: `{ '/static': './static', '/doc': new URL('doc', import.meta.url) }`. */
export type SharedDataExports = Readonly<Record<string, string | URL>> | ReadonlyMap<string, string | URL>;

interface Settings extends PathRules {
  readonly index: string | undefined;
  readonly types: ReadonlyMap<string, string>;
  readonly fallbackType: string;
  readonly cacheControl: string | undefined;
}

const DEFAULT_MAX_AGE = 43_200;
const NAMES = 'maxAge index dotFiles followLinks types fallbackType'.split(' ');
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[\t\x20-\x7e]+$/;

/** A place where the file that a request asks for may be. */
interface Candidate {
  readonly root: string;
  readonly names: readonly string[];
  /** It can only be a folder: the path ends in a slash. */
  readonly isFolder: boolean;
}

/**
 * Answers GET and HEAD with the files of `exports`; everything else goes to `app`, and so does what is not a file
 * there, or must not be seen: dot files, links that lead out, paths with `..`.
 *
 * A prefix ends where a segment does; of several that fit, the longest is looked at first. Relative paths are relative
 * to the working directory at the time of this call. With ETag, Last-Modified, conditional requests, and single ranges.
 * @throws ConfigError for a prefix that does not begin with a slash, a target that is not a path, a wrong option.
 */
export function sharedData<E extends AnyEnviron = Environ>(
  app: ApplicationOn<E>,
  exports: SharedDataExports,
  options: SharedDataOptions = {},
): ApplicationOn<E> {
  checkApplication('sharedData', app);
  const table = mountTable<string | URL>('sharedData', exports).map(
    ({ prefix, value }): Mounted<string> => ({ prefix, value: pathOf(value) }),
  );
  const settings = checkSettings(options);
  return (environ, start_response) => {
    const candidates = candidatesFor(environ, table, settings);
    // Nothing to look for, nothing to wait for: a synchronous application stays one.
    if (candidates.length === 0) return app(environ, start_response);
    return serve(candidates, settings, app, environ, start_response);
  };
}

function pathOf(target: unknown): string {
  if (target instanceof URL && target.protocol === 'file:') return fileURLToPath(target);
  if (typeof target === 'string' && target !== '' && !target.includes('\0')) return resolve(target);
  throw new ConfigError('sharedData() takes the path or the file: URL of a file or folder for each prefix');
}

function candidatesFor(
  environ: AnyEnviron,
  table: readonly Mounted<string>[],
  settings: Settings,
): Candidate[] {
  const { REQUEST_METHOD: method, SCRIPT_NAME: script = '' } = environ;
  // The root of a host has but one name, however a server writes it; that of a mounted application has two.
  const path = environ.PATH_INFO || (script === '' ? '/' : '');
  if ((method !== 'GET' && method !== 'HEAD') || 'wsgi.websocket' in environ) return [];
  const found: Candidate[] = [];
  for (const { prefix, value } of table) {
    if (!covers(prefix, path)) continue;
    const isFolder = path.length > prefix.length && path.endsWith('/');
    if (isFolder && settings.index === undefined) continue;
    const names = fileNames(path.slice(prefix.length, isFolder ? -1 : undefined), settings);
    if (names !== undefined) found.push({ root: value, names, isFolder });
  }
  return found;
}

async function serve<E extends AnyEnviron>(
  candidates: readonly Candidate[],
  settings: Settings,
  app: ApplicationOn<E>,
  environ: E,
  start_response: StartResponse,
): Promise<Body> {
  for (const candidate of candidates) {
    const file = await lookUp(candidate, settings);
    if (file === undefined) continue;
    if (file === 'folder') return redirect(environ, start_response);
    const type = typeOf(candidate.names.at(-1) ?? candidate.root, file, settings);
    const body = await sendFile(file, type, settings.cacheControl, environ, start_response);
    if (body !== undefined) return body;
  }
  return app(environ, start_response);
}

/** `'folder'`: the one of this name has an index, which the path with a slash at its end leads to. */
async function lookUp(
  { root, names, isFolder }: Candidate,
  settings: Settings,
): Promise<SharedFile | 'folder' | undefined> {
  const { index } = settings;
  if (!isFolder) {
    const file = await findShared(root, names, settings);
    if (file?.stats.isFile()) return file;
    if (index === undefined || !file?.stats.isDirectory()) return undefined;
  }
  const file = await findShared(root, [...names, index as string], settings);
  if (!file?.stats.isFile()) return undefined;
  return isFolder ? file : 'folder';
}

/** By the name that was asked for, which a link may have made up; by that of the file for an index. */
function typeOf(name: string, file: SharedFile, { types, fallbackType }: Settings): string {
  for (const one of [name, file.path]) {
    const type = types.get(extensionOf(one)) ?? mediaType(one);
    if (type !== undefined) return type;
  }
  return fallbackType;
}

/** Relative to the path of the request, so that no host, and no prefix that a proxy took away, can be wrong. */
function redirect(environ: AnyEnviron, start_response: StartResponse): Body {
  const path = (environ.SCRIPT_NAME ?? '') + (environ.PATH_INFO ?? '');
  const name = quoteNative(path.slice(path.lastIndexOf('/') + 1), /[^A-Za-z0-9_.~-]/g);
  const query = environ.QUERY_STRING ? `?${environ.QUERY_STRING}` : '';
  start_response('301 Moved Permanently', [
    ['Location', `./${name}/${query}`],
    ['Content-Length', '0'],
  ]);
  return [];
}

/** @throws ConfigError for the first that is wrong. */
function checkSettings(options: SharedDataOptions): Settings {
  checkOptionNames('sharedData()', options, NAMES);
  const { maxAge = DEFAULT_MAX_AGE, index, dotFiles = false, followLinks = false } = options;
  const { types = {}, fallbackType = 'application/octet-stream' } = options;
  const isSeconds = Number.isSafeInteger(maxAge) && Number(maxAge) >= 0;
  check('maxAge', maxAge, maxAge === null || isSeconds, 'seconds, or null');
  check('index', index, index === undefined || isName(index), 'the name of a file');
  check('dotFiles', dotFiles, typeof dotFiles === 'boolean', 'true or false');
  check('followLinks', followLinks, typeof followLinks === 'boolean', 'true or false');
  check('fallbackType', fallbackType, isMediaType(fallbackType), 'a media type');
  const isObject = typeof types === 'object' && types !== null;
  check('types', types, isObject, 'an object of extensions and media types');
  const byExtension = new Map<string, string>();
  for (const [extension, type] of Object.entries(types)) {
    check(`types.${extension}`, type, isMediaType(type), 'a media type');
    byExtension.set(extension.replace(/^\./, '').toLowerCase(), type);
  }
  return {
    index,
    dotFiles,
    followLinks,
    types: byExtension,
    fallbackType,
    cacheControl: maxAge === null ? undefined : `max-age=${maxAge}, public`,
  };
}

function check(name: string, value: unknown, isRight: boolean, rule: string): void {
  if (!isRight) throw new ConfigError(`${name} of sharedData() must be ${rule}, not ${inspect(value)}`);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !/[/\\\0]|^\.\.?$/.test(value);
}

function isMediaType(value: unknown): boolean {
  return typeof value === 'string' && MEDIA_TYPE.test(value);
}
