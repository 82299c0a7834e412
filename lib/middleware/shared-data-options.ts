/** The options of `sharedData`, checked. */
import { inspect } from 'node:util';
import { ConfigError } from '../errors.js';
import type { PathRules } from './shared-path.js';

export interface SharedDataOptions {
  /**
   * Seconds for which a file may be used without asking again (Cache-Control); null: no such header. Default 43200,
   * twelve hours, as in werkzeug.
   */
  readonly maxAge?: number | null | undefined;
  /** The file that stands for its folder, such as `index.html`. Default: none, and folders are not served. */
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

export interface Settings extends PathRules {
  readonly index: string | undefined;
  readonly types: ReadonlyMap<string, string>;
  readonly fallbackType: string;
  readonly cacheControl: string | undefined;
}

const DEFAULT_MAX_AGE = 43_200;
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[\t\x20-\x7e]+$/;

/** @throws ConfigError with a sentence on the first that cannot be. */
export function checkSettings(options: SharedDataOptions): Settings {
  const { maxAge = DEFAULT_MAX_AGE, index, dotFiles = false, followLinks = false } = options;
  const { types = {}, fallbackType = 'application/octet-stream' } = options;
  check(
    'maxAge',
    maxAge,
    maxAge === null || (Number.isSafeInteger(maxAge) && maxAge >= 0),
    'seconds, or null',
  );
  check('index', index, index === undefined || isName(index), 'the name of a file');
  check('dotFiles', dotFiles, typeof dotFiles === 'boolean', 'true or false');
  check('followLinks', followLinks, typeof followLinks === 'boolean', 'true or false');
  check('fallbackType', fallbackType, isMediaType(fallbackType), 'a media type');
  check(
    'types',
    types,
    typeof types === 'object' && types !== null,
    'an object of extensions and media types',
  );
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
