/** The command lines of `wsgi record` and `wsgi compare`: words to options, and --help, from a table of each command. */
import { didYouMean } from '../option-names.js';
import { helpLines } from '../server/cli/command-help.js';
import { Flags } from '../server/cli/flags.js';
import type { Kind, Option } from '../server/options/option-kinds.js';
import * as kinds from '../server/options/option-kinds.js';

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
  const unknown = (flag: string, known: Iterable<string>) =>
    `There is no option ${flag}${didYouMean(flag, known)}`;
  const { given, words, rest } = new Flags(table, unknown).read(argv);
  const values = Object.entries(table).map(([name, option]) => [name, given.get(name) ?? option.default]);
  return { values: Object.fromEntries(values) as Values<T>, words: [...words, ...rest] };
}

/** An option that may be given more than once. @param check throws a ConfigError for a value that cannot be. */
export function list(
  metavar: string,
  check: (value: string, label: string) => void,
): Kind<readonly string[]> {
  return {
    metavar,
    repeatable: true,
    parse: (text) => text,
    check(value, label) {
      const values = Array.isArray(value) ? value.map(String) : [];
      for (const one of values) check(one, label);
      return values;
    },
  };
}

export const HELP = commandOption(kinds.flag, false, {
  flags: ['-h', '--help'],
  group: 'Command',
  doc: 'Print this text and exit.',
});

export const HOST = kinds.text('HOST', 'a host, with a port perhaps', (value) => /^[\w.:[\]-]+$/.test(value));

/** The text of --help. @param head what stands before the options, @param foot after them. */
export function helpOf(table: Table, head: string, foot = ''): string {
  const groups = new Map<string, string>();
  for (const option of Object.values(table)) {
    groups.set(option.group, (groups.get(option.group) ?? '') + helpLines(option));
  }
  const lists = [...groups].map(([group, lines]) => `\n${group}:\n${lines}`);
  return head + lists.join('') + foot;
}
