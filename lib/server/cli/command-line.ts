/** The command line: argv to options, by the table. */
import { CGI_OPTIONS, type CgiOptions } from '../options/gateway-options.js';
import type { Option } from '../options/option-kinds.js';
import { COMMAND_OPTIONS, SERVER_OPTIONS } from '../options/option-table.js';
import type { CommandOptions, ServerOptions } from '../options/options.js';
import { unknownOption } from '../options/unknown-option.js';
import { Flags, UsageError } from './flags.js';

export interface CommandLine {
  /** MODULE:CALLABLE. */
  readonly app: string | undefined;
  /** What follows it after `--`: the arguments of a program in Python. */
  readonly args: readonly string[];
  readonly server: ServerOptions;
  readonly command: CommandOptions;
}

const TABLE: Readonly<Record<string, Option>> = { ...SERVER_OPTIONS, ...COMMAND_OPTIONS };
const FLAGS = new Flags(TABLE, unknownOption);

/** @throws UsageError */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { given, words, rest } = FLAGS.read(argv);
  const [app, second] = words;
  if (second !== undefined) {
    throw new UsageError(
      `There can be one application, not both ${app} and ${second}: arguments for a script in Python follow --`,
    );
  }
  const part = (table: object) =>
    Object.fromEntries([...given].filter(([name]) => Object.hasOwn(table, name)));
  const options = { server: part(SERVER_OPTIONS), command: part(COMMAND_OPTIONS) };
  if (app !== undefined) return { app, args: rest, ...options };
  // As for node and gunicorn: the first word after the options, whatever it looks like.
  const [first, ...args] = rest;
  return { app: first, args, ...options };
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
