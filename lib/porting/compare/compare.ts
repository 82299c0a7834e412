/** `compare`: replays an archive against two servers, and says of each exchange what became of it. */
import { statSync } from 'node:fs';
import { ConfigError } from '../../errors.js';
import { checkOptionNames } from '../../option-names.js';
import { readExchanges } from '../archive/read.js';
import { Ignore, readIgnoreFile } from '../diff/ignore.js';
import type { Exchange } from '../exchange.js';
import { Secrets } from '../replacement.js';
import { type ComparisonOptions, type Counts, runComparison } from './comparison.js';
import { parseTarget, type Target } from './target/target.js';

type Shared = Omit<ComparisonOptions, 'original' | 'candidate' | 'noise' | 'ignore' | 'secrets'>;

export interface CompareOptions extends Shared {
  /** A URL (`http://127.0.0.1:8000`), `MODULE:CALLABLE` of JavaScript, or a command with `{port}` that serves. */
  readonly original: string | Target;
  readonly candidate: string | Target;
  /** A second original for the second pass, where `original` is a URL. */
  readonly noise?: string | Target | undefined;
  /** Serves `original` in so many threads, if it is `MODULE:CALLABLE`. Default: 0, on the event loop. */
  readonly originalThreads?: number | undefined;
  readonly candidateThreads?: number | undefined;
  /** Header names, JSON pointers, regular expressions, or files of them: see `--ignore`. */
  readonly ignore?: readonly string[] | undefined;
  /** Secrets that the recording has lost, by their name in the replacements. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Seconds for a server to accept connections. Default: 30. */
  readonly startTimeout?: number | undefined;
}

/** Of secrets, in a warning. */
const MOST_NAMES = 10;
const URL_START = /^https?:\/\//i;

const NAMES: readonly string[] = [
  'original',
  'candidate',
  'noise',
  'noisePasses',
  'reset',
  'originalThreads',
  'candidateThreads',
  'wire',
  'ignore',
  'secrets',
  'host',
  'verify',
  'timeout',
  'startTimeout',
  'signal',
  'onprogress',
  'onresult',
  'onend',
  'onwarning',
];

/**
 * Replays an archive in three passes, against the original, the original again, and the candidate, each started for its
 * pass; what differs between the first two is noise. An original that runs already is asked twice only for what changes
 * nothing (GET, HEAD, OPTIONS).
 * @param archive the path of an HTTP Archive or of a list of requests, or exchanges.
 * @throws ConfigError for options that cannot work, an archive that cannot be read, a server that does not start.
 */
export async function compare(
  archive: string | AsyncIterable<Exchange>,
  options: CompareOptions,
): Promise<Counts> {
  checkOptionNames('compare()', options, NAMES);
  const { original, candidate, noise, startTimeout, originalThreads, candidateThreads } = options;
  const { ignore = [], secrets = {}, onwarning = () => {}, ...rest } = options;
  const known = new Secrets(Object.entries(secrets));
  const counts = await runComparison(typeof archive === 'string' ? readExchanges(archive) : archive, {
    ...rest,
    original: targetOf(original, '--original', originalThreads, startTimeout),
    candidate: targetOf(candidate, '--candidate', candidateThreads, startTimeout),
    noise: noise === undefined ? undefined : targetOf(noise, '--noise', originalThreads, startTimeout),
    ignore: Ignore.parse(await rulesOf(ignore)),
    secrets: known,
    onwarning,
  });
  for (const name of known.unused) {
    onwarning(`No request has a replacement with the name ${name}: --secret ${name}=… was not used`);
  }
  const { missing } = known;
  if (missing.length > 0) {
    const names = missing.slice(0, MOST_NAMES).join(', ') + (missing.length > MOST_NAMES ? ', …' : '');
    onwarning(
      `The recording has replacements in place of secrets, and both sides were sent these: ${names}. ` +
        `--secret ${missing[0]}=VALUE puts one back`,
    );
  }
  return counts;
}

type PassOptions = Pick<CompareOptions, 'original' | 'noise' | 'noisePasses'>;

/** What a reader of the report has to know of how the original was asked. */
export function notesOf({ original, noise, noisePasses = 1 }: PassOptions): string[] {
  if (noisePasses === 0)
    return ['The original was asked once (--noise-passes 0): what varies by itself is not known'];
  const isFresh = typeof original === 'string' ? !URL_START.test(original) : original.fresh;
  if (isFresh || noise !== undefined) return [];
  return [
    'The original is a server that runs already, and there is no --noise: only GET, HEAD and OPTIONS were repeated, so ' +
      'what varies in answers to other methods and in WebSockets is not known',
  ];
}

function targetOf(
  target: string | Target,
  option: string,
  threads: number | undefined,
  startTimeout: number | undefined,
): Target {
  if (typeof target !== 'string') return target;
  // A second original may be a server that runs, whatever the first one is.
  const own = option === '--noise' && /^https?:|\{port\}/i.test(target) ? 0 : threads;
  return parseTarget(target, option, { threads: own, startTimeout });
}

/** Rules as they are; those of a file that is named, as `@FILE` or as a file that exists. */
async function rulesOf(given: readonly string[]): Promise<string[]> {
  const rules: string[] = [];
  for (const rule of given) {
    const path = rule.startsWith('@') ? rule.slice(1) : rule;
    if (isFile(path)) rules.push(...(await readIgnoreFile(path)));
    else if (rule.startsWith('@')) throw new ConfigError(`--ignore ${rule}: there is no file ${path}`);
    else rules.push(rule);
  }
  return rules;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
