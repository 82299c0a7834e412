/** The command line: argv to options, by the table. */
import { parseArgs } from 'node:util';
import { ConfigError } from '../../errors.js';
import {
  COMMAND_OPTIONS,
  type CommandOptions,
  type Option,
  SERVER_OPTIONS,
  type ServerOptions,
} from '../options/options.js';
import { didYouMean } from '../options/unknown-option.js';
import { insteadOf } from './foreign-options.js';

/** The command line itself is wrong: the command exits with 2, as argparse's do. */
export class UsageError extends ConfigError {}

export interface CommandLine {
  /** MODULE:CALLABLE. */
  readonly app: string | undefined;
  readonly server: ServerOptions;
  readonly command: CommandOptions;
}

interface Flag {
  readonly name: string;
  readonly option: Option;
  /** `--no-x`. */
  readonly negative: boolean;
}

const FLAGS = new Map<string, Flag>();
const allOptions: [string, Option][] = [
  ...Object.entries(SERVER_OPTIONS),
  ...Object.entries(COMMAND_OPTIONS),
];
for (const [name, option] of allOptions) {
  for (const flag of option.flags) {
    FLAGS.set(flag, { name, option, negative: false });
    if (isBoolean(option) && flag.startsWith('--')) {
      FLAGS.set(flag.replace('--', '--no-'), { name, option, negative: true });
    }
  }
}

/** @throws UsageError */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const given = new Map<string, unknown>();
  let app: string | undefined;
  // Not strict: its own messages know neither suggestions nor our rules.
  const { tokens } = parseArgs({ args: [...argv], options: PARSE_OPTIONS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (app !== undefined)
        throw new UsageError(`There can be one application, not both ${app} and ${token.value}`);
      app = token.value;
    } else if (token.kind === 'option') {
      const flag = FLAGS.get(token.rawName);
      if (flag === undefined) {
        const hint = insteadOf(token.rawName) || didYouMean(token.rawName, FLAGS.keys());
        throw new UsageError(`There is no option ${token.rawName}${hint}`);
      }
      given.set(flag.name, readValue(flag, token, given.get(flag.name)));
    }
  }
  const part = (table: object) =>
    Object.fromEntries([...given].filter(([name]) => Object.hasOwn(table, name)));
  return { app, server: part(SERVER_OPTIONS), command: part(COMMAND_OPTIONS) };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
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
    if (!option.kind.repeatable) return option.kind.check(parsed, rawName);
    return option.kind.check([...((before as unknown[] | undefined) ?? []), parsed], rawName);
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message) : error;
  }
}

/** What parseArgs must know: which flags take a value, and which short one goes with which long one. */
const PARSE_OPTIONS: Record<string, { type: 'boolean' | 'string'; short?: string }> = {};
for (const [, option] of allOptions) {
  const type = isBoolean(option) ? 'boolean' : 'string';
  const short = option.flags.find(isShort)?.slice(1);
  for (const [index, flag] of option.flags.filter((flag) => !isShort(flag)).entries()) {
    PARSE_OPTIONS[flag.slice(2)] = short !== undefined && index === 0 ? { type, short } : { type };
  }
}

function isShort(flag: string): boolean {
  return !flag.startsWith('--');
}

/** A flag without a value, which `--no-` turns off. */
export function isBoolean(option: Option): boolean {
  return option.kind.metavar === undefined;
}
