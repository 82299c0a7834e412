/** What `wsgi --cgi` takes from the command line and the config file. */
import { CGI_OPTIONS, type CgiOptions } from '../cgi/cgi-options.js';
import { COMMAND_OPTIONS, type Option, SERVER_OPTIONS, type ServerOptions } from '../options/options.js';
import { type CommandLine, UsageError } from './command-line.js';

/** Options of the command that a process for one request has no use for. */
const WITHOUT: readonly string[] = ['reload', 'pid'];

/** @throws UsageError for what only a server of ours could do. */
export function checkCgiCommand({ server, command }: CommandLine): void {
  const tables: Record<string, Option> = { ...SERVER_OPTIONS, ...COMMAND_OPTIONS };
  for (const name of [...Object.keys(server), ...Object.keys(command)]) {
    if (Object.hasOwn(SERVER_OPTIONS, name) ? isCgiOption(name) : !WITHOUT.includes(name)) continue;
    throw new UsageError(
      `--cgi does not go with ${tables[name]?.flags.at(-1)}: the web server listens, and starts a process for each request`,
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
