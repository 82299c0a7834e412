/** The words of a command line by a table of options: flags, their values, and what else stands there. */
import { parseArgs } from 'node:util';
import { ConfigError } from '../../errors.js';
import type { Option } from '../options/option-kinds.js';

/** The command line itself is wrong: the command exits with 2, as argparse's do. */
export class UsageError extends ConfigError {}

/** What a command line has to know of an option. */
export type Flagged = Pick<Option, 'kind' | 'flags'>;

interface Flag {
  readonly name: string;
  readonly option: Flagged;
  /** `--no-x`. */
  readonly negative: boolean;
}

export interface Words {
  /** Values by the names of their options. */
  readonly given: Map<string, unknown>;
  /** Those that are not flags. */
  readonly words: readonly string[];
  /** What follows `--`: no flags, whatever they look like. */
  readonly rest: readonly string[];
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** What `parseArgs` must know: which flags take a value, and which short one goes with which long one. */
type ParseOptions = Record<string, { type: 'boolean' | 'string'; short?: string }>;

export class Flags {
  readonly #flags = new Map<string, Flag>();
  readonly #parseOptions: ParseOptions = {};
  readonly #unknown: (flag: string, known: Iterable<string>) => string;

  /** @param unknown the sentence about a flag that there is not. */
  constructor(
    table: Readonly<Record<string, Flagged>>,
    unknown: (flag: string, known: Iterable<string>) => string,
  ) {
    this.#unknown = unknown;
    for (const [name, option] of Object.entries(table)) this.#add(name, option);
  }

  /** @throws UsageError */
  read(argv: readonly string[]): Words {
    const end = argv.indexOf('--');
    const line = end < 0 ? argv : argv.slice(0, end);
    const given = new Map<string, unknown>();
    const words: string[] = [];
    // Not strict: its own messages know neither suggestions nor our rules.
    const { tokens } = parseArgs({
      args: line.map((argument, index) => this.#withBareValue(argument, line[index + 1])),
      options: this.#parseOptions,
      strict: false,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind === 'positional') words.push(token.value);
      if (token.kind !== 'option') continue;
      const flag = this.#flags.get(token.rawName);
      if (flag === undefined) throw new UsageError(this.#unknown(token.rawName, this.#flags.keys()));
      given.set(flag.name, readValue(flag, token, given.get(flag.name)));
    }
    return { given, words, rest: end < 0 ? [] : argv.slice(end + 1) };
  }

  #add(name: string, option: Flagged): void {
    const type = isBoolean(option) ? 'boolean' : 'string';
    const short = option.flags.find(isShort)?.slice(1);
    for (const flag of option.flags) {
      this.#flags.set(flag, { name, option, negative: false });
      if (isBoolean(option) && !isShort(flag)) {
        this.#flags.set(flag.replace('--', '--no-'), { name, option, negative: true });
      }
    }
    for (const [index, flag] of option.flags.filter((flag) => !isShort(flag)).entries()) {
      this.#parseOptions[flag.slice(2)] = short !== undefined && index === 0 ? { type, short } : { type };
    }
  }

  /** `--proxy-protocol` may have no value, whatever follows it. */
  #withBareValue(argument: string, following: string | undefined): string {
    const bare = this.#flags.get(argument)?.option.kind.bare;
    const next = following?.toLowerCase();
    if (bare === undefined || (next !== undefined && bare.words.includes(next))) return argument;
    return `${argument}=${bare.value}`;
  }
}

function readValue(
  { option, negative }: Flag,
  { rawName, value, inlineValue }: OptionToken,
  before: unknown,
): unknown {
  if (isBoolean(option)) {
    if (value !== undefined)
      throw new UsageError(`${rawName} takes no value, so ${rawName}=${value} means nothing`);
    return !negative;
  }
  // The next word looks like an option: the value was forgotten. A negative number is for the check to refuse.
  if (value === undefined || (!inlineValue && /^-[^\d.]/.test(value))) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.kind.metavar}`);
  }
  const parsed = option.kind.parse(value);
  try {
    if (!option.kind.repeatable)
      return onlyValue(option.kind.check(parsed, rawName), before, option, rawName);
    return option.kind.check([...((before as unknown[] | undefined) ?? []), parsed], rawName);
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message) : error;
  }
}

function onlyValue(value: unknown, before: unknown, { kind: { once } }: Flagged, rawName: string): unknown {
  if (once === undefined || before === undefined || before === value) return value;
  throw new UsageError(`${rawName} can have one value, not both ${before} and ${value}: ${once}`);
}

function isShort(flag: string): boolean {
  return !flag.startsWith('--');
}

/** A flag without a value, which `--no-` turns off. */
export function isBoolean(option: Pick<Option, 'kind'>): boolean {
  return option.kind.metavar === undefined;
}
