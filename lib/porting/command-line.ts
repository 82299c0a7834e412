/** The command lines of `wsgi record` and `wsgi compare`: words to options, and --help, from a table of each command. */
import { parseArgs } from 'node:util';
import { ConfigError } from '../errors.js';
import { didYouMean } from '../option-names.js';
import { helpLines } from '../server/cli/command-help.js';
import { isBoolean, UsageError } from '../server/cli/command-line.js';
import type { Kind, Option } from '../server/options/option-kinds.js';

/** An option of a command, under a heading of its --help. */
export interface CommandOption<T = unknown, D = unknown> extends Omit<Option<T, D>, 'group'> {
  readonly group: string;
}

export type Table = Readonly<Record<string, CommandOption>>;

/** What the options of a table are, once the defaults are in. */
export type Values<T extends Table> = {
  readonly [N in keyof T]: T[N] extends CommandOption<infer V, infer D> ? V | D : never;
};

interface Entry {
  readonly flags: readonly string[];
  readonly group: string;
  readonly doc: string;
}

export function commandOption<T, D extends T | undefined>(
  kind: Kind<T>,
  initial: D,
  entry: Entry,
): CommandOption<T, D> {
  return { ...entry, kind, default: initial };
}

export interface ParsedLine<T extends Table> {
  readonly values: Values<T>;
  readonly words: readonly string[];
}

/** @throws UsageError */
export function parseLine<T extends Table>(table: T, argv: readonly string[]): ParsedLine<T> {
  const flags = flagsOf(table);
  const given: Record<string, unknown> = {};
  const words: string[] = [];
  // Not strict: its own messages know neither suggestions nor our rules.
  const { tokens } = parseArgs({ args: [...argv], options: typesOf(table), strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName, value, inlineValue } = token;
    const flag = flags.get(rawName);
    if (flag === undefined) {
      throw new UsageError(`There is no option ${rawName}${didYouMean(rawName, flags.keys())}`);
    }
    const { name, option, negative } = flag;
    if (isBoolean(option)) {
      if (value !== undefined)
        throw new UsageError(`${rawName} takes no value, so ${rawName}=${value} means nothing`);
      given[name] = !negative;
    } else if (value === undefined || (!inlineValue && /^-[^\d.]/.test(value))) {
      throw new UsageError(`${rawName} needs a value: ${rawName} ${option.kind.metavar}`);
    } else given[name] = checked(option, rawName, value, given[name]);
  }
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) values[name] = given[name] ?? option.default;
  return { values: values as Values<T>, words };
}

function checked({ kind }: CommandOption, label: string, text: string, before: unknown): unknown {
  try {
    const parsed = kind.parse(text);
    return kind.check(
      kind.repeatable ? [...((before as unknown[] | undefined) ?? []), parsed] : parsed,
      label,
    );
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message) : error;
  }
}

interface Flag {
  readonly name: string;
  readonly option: CommandOption;
  /** `--no-x`. */
  readonly negative: boolean;
}

function flagsOf(table: Table): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const [name, option] of Object.entries(table)) {
    for (const flag of option.flags) {
      flags.set(flag, { name, option, negative: false });
      if (isBoolean(option) && flag.startsWith('--')) {
        flags.set(flag.replace('--', '--no-'), { name, option, negative: true });
      }
    }
  }
  return flags;
}

/** What parseArgs must know: which flags take a value, and which short one goes with which long one. */
function typesOf(table: Table): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  const types: Record<string, { type: 'boolean' | 'string'; short?: string }> = {};
  for (const option of Object.values(table)) {
    const type = isBoolean(option) ? 'boolean' : 'string';
    const short = option.flags.find((flag) => !flag.startsWith('--'))?.slice(1);
    const [first, ...rest] = option.flags.filter((flag) => flag.startsWith('--'));
    if (first !== undefined) types[first.slice(2)] = short === undefined ? { type } : { type, short };
    for (const flag of rest) types[flag.slice(2)] = { type };
  }
  return types;
}

/** The text of --help. @param head what stands before the options, @param foot after them. */
export function helpOf(table: Table, head: string, foot = ''): string {
  const groups = new Map<string, string>();
  for (const option of Object.values(table)) {
    groups.set(option.group, (groups.get(option.group) ?? '') + helpLines(option));
  }
  const lists = [...groups].map(([group, lines]) => `\n${group}:\n${lines}`);
  return head + lists.join('') + foot;
}
