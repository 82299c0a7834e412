/** Writes docs/options.md from the table of options: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { optionGroups, spellDefault, spellFlags } from '../lib/server/cli/command-help.js';
import { isBoolean } from '../lib/server/cli/flags.js';
import type { Option } from '../lib/server/options/option-kinds.js';

export const OPTIONS_PAGE = new URL('../docs/options.md', import.meta.url);

const HEAD = `# Options

<!-- Made from lib/server/options/option-table.ts by \`npm run docs\`. -->

An option is given to \`run(app, options)\` and \`makeServer(host, port, app, options)\` by its name, and to the command
\`wsgi\` by its flag. The command also takes flags from the environment variable \`WSGI_CMD_ARGS\`, in words as a shell's
(\`WSGI_CMD_ARGS='--threads 8 --access-logfile -'\`), and the port from \`PORT\`.
Flags are spelled as gunicorn's where gunicorn has the option. \`wsgi --print-config\` shows what is in force.

The command also reads \`wsgi.config.mjs\` in its folder, or the file that \`--config\` names. What it exports, by name or
as one default export (an object, or a function that returns one), are options by name; \`wsgiApp\` is the application.
gunicorn's names (\`graceful_timeout\`, \`loglevel\`) go as well. The command line beats \`WSGI_CMD_ARGS\`,
that beats the file, and the file beats the defaults.

\`\`\`js
// wsgi.config.mjs
export default { wsgiApp: 'app.mjs:app', bind: ':8000', accessLogfile: '-' };
\`\`\`
`;

export function renderOptionsPage(): string {
  let page = HEAD;
  for (const [group, options] of optionGroups()) {
    page += `\n## ${group}\n\n${group === 'Command' ? COMMAND_NOTE : ''}`;
    page += '| Option | Flag | Default | Meaning |\n|---|---|---|---|\n';
    page += options.map(([name, option]) => row(name, option)).join('');
  }
  return page;
}

const COMMAND_NOTE = `These are the command's alone. A config file may set those with a star.\n\n`;

function row(name: string, option: Option): string {
  const flags = spellFlags(option).map((flag) => `\`${flag}\``);
  const initial = isBoolean(option) ? String(option.default) : spellDefault(option);
  const shown = initial === '' ? '' : `\`${initial}\``;
  const star = option.inConfigFile ? ' \\*' : '';
  return `| \`${name}\`${star} | ${flags.join(' ')} | ${shown} | ${option.doc} |\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(OPTIONS_PAGE, renderOptionsPage());
