/** The table of options as text: --help, and what docs/options.md is made of. */

import type { Option } from '../options/option-kinds.js';
import { COMMAND_OPTIONS, SERVER_OPTIONS } from '../options/option-table.js';
import { isBoolean } from './flags.js';

/** What help says of an option, of whatever table. */
type Described = Omit<Option, 'group'>;

const COLUMN = 26;
const WIDTH = 100;

const HEAD = `Usage: wsgi [OPTIONS] [MODULE:CALLABLE] [-- ARGUMENTS]

Serves a WSGI application: the CALLABLE that MODULE exports, or its application, or its default export.
  wsgi app.mjs:app
  wsgi ./site.js:createApp("x", 1)     a factory, with literal arguments
  wsgi --cgi app.mjs:app               as a script of a web server, for one request
  wsgi mysite.wsgi:application         in Python, unchanged; app.py is a script that starts a server
  wsgi app.py -- --port 9              a script in Python, with arguments of its own (sys.argv)
  wsgi -b :8000 app.ts                 TypeScript, by Node 22.18 or newer or by tsx
Without an application it serves a demo.

Two more commands prove a port (docs/record.md); each has a --help of its own:
  wsgi record --upstream URL --out FILE               a proxy that writes what it passes on to an HTTP Archive
  wsgi compare FILE --original X --candidate Y        sends it to both again, and reports what differs
`;

const FOOT = `
Environment: WSGI_CMD_ARGS holds flags, in words as a shell's: below the command line, above the config
file. Where nothing else says where to listen, LISTEN_FDS of systemd does (fd://3), or PORT (0.0.0.0:PORT).
NOTIFY_SOCKET of systemd is told when the server is ready, and when it stops.
Signals: SIGTERM and SIGINT stop gracefully, and at once the second time; SIGUSR1 opens the log files again;
SIGHUP reloads with --reload, and stops gracefully when the terminal is closed.
Exit status: 0 after a stop, 1 if something fails, 2 if the command line is wrong.
`;

export function renderHelp(): string {
  let text = HEAD;
  for (const [group, options] of optionGroups()) {
    const lines = options
      .filter(([, option]) => option.flags.length > 0)
      .map(([, option]) => helpLines(option));
    if (lines.length > 0) text += `\n${group}:\n${lines.join('')}`;
  }
  return text + FOOT;
}

/** A flag with its sentence, in as many lines as it needs. */
export function helpLines(option: Described): string {
  const initial = spellDefault(option);
  const doc = initial === '' ? option.doc : `${option.doc.slice(0, -1)} (default ${initial}).`;
  const words = doc.split(' ');
  const flags = `  ${spellFlags(option).join(', ')}`;
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && COLUMN + line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  const indent = ' '.repeat(COLUMN);
  const first = flags.length + 2 > COLUMN ? `${flags}\n${indent}` : flags.padEnd(COLUMN);
  return `${first}${lines.join(`\n${indent}`)}\n`;
}

/** The flags as help and docs show them: of a boolean the one that changes the default. */
export function spellFlags(option: Described): string[] {
  const { flags, kind } = option;
  if (!isBoolean(option))
    return flags.map((flag, i) => (i < flags.length - 1 ? flag : `${flag} ${kind.metavar}`));
  return option.default === true ? flags.map((flag) => flag.replace('--', '--no-')) : [...flags];
}

/** The default as one would write it; nothing where there is nothing to say. */
export function spellDefault(option: Described): string {
  const { default: initial } = option;
  if (initial === undefined || isBoolean(option)) return '';
  return initial === '' ? "''" : String(initial);
}

/** Options with their names, group by group, in the order of the table. */
export function optionGroups(): Map<string, [string, Option][]> {
  const groups = new Map<string, [string, Option][]>();
  for (const entry of [
    ...Object.entries<Option>(SERVER_OPTIONS),
    ...Object.entries<Option>(COMMAND_OPTIONS),
  ]) {
    const { group } = entry[1];
    groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  return groups;
}
