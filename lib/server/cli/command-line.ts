/** The command line: argv to options, by the table. */
import { parseArgs } from 'node:util';
import { ConfigError } from '../../errors.js';
import { CGI_OPTIONS, type CgiOptions } from '../options/gateway-options.js';
import type { Option } from '../options/option-kinds.js';
import { COMMAND_OPTIONS, SERVER_OPTIONS } from '../options/option-table.js';
import type { CommandOptions, ServerOptions } from '../options/options.js';
import { unknownOption } from '../options/unknown-option.js';

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
const TABLE: Readonly<Record<string, Option>> = { ...SERVER_OPTIONS, ...COMMAND_OPTIONS };
for (const [name, option] of Object.entries(TABLE)) {
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
  const { tokens } = parseArgs({
    args: argv.map(withBareValue),
    options: PARSE_OPTIONS,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (app !== undefined)
        throw new UsageError(`There can be one application, not both ${app} and ${token.value}`);
      app = token.value;
    } else if (token.kind === 'option') {
      const flag = FLAGS.get(token.rawName);
      if (flag === undefined) {
        throw new UsageError(unknownOption(token.rawName, FLAGS.keys()));
      }
      given.set(flag.name, readValue(flag, token, given.get(flag.name)));
    }
  }
  const part = (table: object) =>
    Object.fromEntries([...given].filter(([name]) => Object.hasOwn(table, name)));
  return { app, server: part(SERVER_OPTIONS), command: part(COMMAND_OPTIONS) };
}

/** `--proxy-protocol` may stand without its value, whatever follows it. */
function withBareValue(argument: string, index: number, argv: readonly string[]): string {
  const bare = FLAGS.get(argument)?.option.kind.bare;
  const next = argv[index + 1]?.toLowerCase();
  if (bare === undefined || (next !== undefined && bare.words.includes(next))) return argument;
  return `${argument}=${bare.value}`;
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
for (const option of Object.values(TABLE)) {
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
export function isBoolean(option: Pick<Option, 'kind'>): boolean {
  return option.kind.metavar === undefined;
}

/** Options of the command that a process for one request has no use for. */
const WITHOUT: readonly string[] = ['reload', 'pid', 'user', 'group'];

/** @throws UsageError for what only a server of ours could do. */
export function checkCgiCommand({ server, command }: CommandLine): void {
  for (const name of [...Object.keys(server), ...Object.keys(command)]) {
    if (Object.hasOwn(SERVER_OPTIONS, name) ? isCgiOption(name) : !WITHOUT.includes(name)) continue;
    throw new UsageError(
      `--cgi does not go with ${TABLE[name]?.flags.at(-1)}: the web server listens, and starts a process for each request`,
    );
  }
}

/** A config file may serve `wsgi` and `wsgi --cgi` alike: what is for a server of ours is left out. */
export function cgiOptions(config: ServerOptions, line: ServerOptions): CgiOptions {
  const given = { ...config, ...line };
  return Object.fromEntries(Object.entries(given).filter(([name]) => isCgiOption(name)));
}

function isCgiOption(name: string): boolean {
  return (CGI_OPTIONS as readonly string[]).includes(name);
}
