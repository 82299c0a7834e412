/** The options of `mirror`: their defaults, and what is wrong with them. */
import { inspect } from 'node:util';
import { TOKEN } from '../../environ/syntax.js';
import { ConfigError } from '../../errors.js';
import { logger } from '../../logger.js';
import { checkOptionNames } from '../../option-names.js';
import { Ignore } from '../diff/ignore.js';
import type { MirrorResult } from './copies.js';

export interface MirrorOptions {
  /**
   * Called with what became of each copy, in the thread of the original. What it throws is logged once. Default: logs one
   * line for each request whose answers differ.
   */
  readonly report?: ((result: MirrorResult) => unknown) | undefined;
  /** The part of the requests that is copied, from 0 to 1. Default 1. */
  readonly sample?: number | undefined;
  /** Default `['GET', 'HEAD']`. A method that changes something would change it twice. */
  readonly methods?: readonly string[] | undefined;
  /** What is not compared: header names, JSON pointers, regular expressions, as `wsgi compare --ignore`. Default: none. */
  readonly ignore?: readonly string[] | undefined;
  /** Seconds that the candidate has for an answer. Default 10. */
  readonly timeout?: number | undefined;
  /** Bytes of a request's or an answer's body that are copied and compared. Default 1 MiB. */
  readonly maxBody?: number | undefined;
  /** Copies that may wait for the candidate; any more are dropped. Default 100. */
  readonly maxQueue?: number | undefined;
  /** Bytes that all copies may hold together; any more are dropped. Default 16 MiB. */
  readonly maxQueueBytes?: number | undefined;
  /** Copies that the candidate answers at once; with a thread of its own always one. Default 4. */
  readonly concurrency?: number | undefined;
}

export interface MirrorSettings {
  readonly report: (result: MirrorResult) => unknown;
  readonly sample: number;
  readonly methods: ReadonlySet<string>;
  readonly ignore: readonly string[];
  readonly timeoutMs: number;
  readonly maxBody: number;
  readonly maxQueue: number;
  readonly maxQueueBytes: number;
  readonly concurrency: number;
}

const NAMES: readonly (keyof MirrorOptions)[] = [
  'report',
  'sample',
  'methods',
  'ignore',
  'timeout',
  'maxBody',
  'maxQueue',
  'maxQueueBytes',
  'concurrency',
];

/** @throws ConfigError that names the option, its value and what it has to be. */
export function mirrorSettings(options: MirrorOptions): MirrorSettings {
  checkOptionNames('mirror()', options, NAMES);
  const { report = logDifferences, methods = ['GET', 'HEAD'], ignore = [] } = options;
  if (typeof report !== 'function') throw wrong('report', 'a function', report);
  if (!isListOf(methods, (one) => TOKEN.test(one) && one === one.toUpperCase())) {
    throw wrong('methods', "an array of methods in capitals, such as ['GET', 'HEAD']", methods);
  }
  if (!isListOf(ignore, () => true)) throw wrong('ignore', "an array of rules, such as ['ETag']", ignore);
  Ignore.parse(ignore);
  const whole = (name: 'maxBody' | 'maxQueue' | 'maxQueueBytes' | 'concurrency', usual: number) =>
    numberOf(options, name, usual, 1, Number.MAX_SAFE_INTEGER, Number.isInteger);
  return {
    report,
    sample: numberOf(options, 'sample', 1, 0, 1),
    methods: new Set(methods),
    ignore: [...ignore],
    // Node's timers take no more.
    timeoutMs: numberOf(options, 'timeout', 10, 0.001, 2_147_483) * 1000,
    maxBody: whole('maxBody', 1024 * 1024),
    maxQueue: whole('maxQueue', 100),
    maxQueueBytes: whole('maxQueueBytes', 16 * 1024 * 1024),
    concurrency: whole('concurrency', 4),
  };
}

function numberOf(
  options: MirrorOptions,
  name: 'sample' | 'timeout' | 'maxBody' | 'maxQueue' | 'maxQueueBytes' | 'concurrency',
  usual: number,
  least: number,
  most: number,
  fits: (value: number) => boolean = () => true,
): number {
  const value: unknown = options[name] ?? usual;
  if (typeof value === 'number' && value >= least && value <= most && fits(value)) return value;
  const kind = fits === Number.isInteger ? 'a whole number' : 'a number';
  throw wrong(name, `${kind} from ${least} to ${most}`, value);
}

function isListOf(value: unknown, fits: (one: string) => boolean): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && fits(one));
}

function wrong(name: string, expected: string, value: unknown): ConfigError {
  return new ConfigError(`${name} of mirror() is ${expected}, not ${inspect(value, { depth: 0 })}`);
}

function logDifferences({ exchange: { request }, differences }: MirrorResult): void {
  if (differences.length === 0) return;
  const shown = differences
    .slice(0, 3)
    .map(({ kind, where, original = 'nothing', candidate = 'nothing' }) => {
      return `${kind}${where === '' ? '' : ` ${where}`}: ${candidate} instead of ${original}`;
    });
  const more = differences.length > shown.length ? `; ${differences.length - shown.length} more` : '';
  // Without the query, where clients put what is not for logs.
  const path = request.target.replace(/\?.*$/s, '');
  logger.warning(`mirror: ${request.method} ${path} differs: ${shown.join('; ')}${more}`);
}
