/** Writes docs/validator.md from the table of rules: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Rule } from '../lib/validate/rule.js';
import { PROMISES, RULE_GROUPS } from '../lib/validate/rules.js';

export const VALIDATOR_PAGE = new URL('../docs/validator.md', import.meta.url);

const HEAD = `# The validator

<!-- Made from lib/validate/rules*.ts by \`npm run docs\`. -->

Python's \`wsgiref.validate\`, and what Rack::Lint, Plack's Lint and werkzeug's LintMiddleware check beside it. Put it
around an application while you develop or test, and it checks the application and the server that calls it:

\`\`\`js
import { run } from 'wsgi';
import { validator } from 'wsgi/validate';
import { app } from './app.mjs';

await run(validator(app));
\`\`\`

It changes neither request nor response: what is synchronous stays so, \`length\` and \`close()\` of the body are passed on,
and a \`FileWrapper\` stays one. Only \`wsgi.input\` and \`wsgi.errors\` of environ are replaced, by ones that check.

A broken rule is a \`WsgiAssertionError\`, thrown where it was broken: in the application, or in the server. Its \`code\` is
that of the rule, its message names the rule, what was found, and the fix; it shows shapes in place of values that may
be secrets. What is only doubtful is a warning of the process, of type \`WsgiWarning\`, once for each rule:

\`\`\`js
process.on('warning', ({ name, code, message }) => {
  if (name === 'WsgiWarning') console.error(code, message);
});
\`\`\`

To check a middleware, put one validator around it and one around the application inside it:
\`validator(middleware(validator(app)))\`.

A few rules are off until an option turns them on: \`validator(app, { absoluteLocation: true, performance: true })\`.

Each part can be called by itself, and throws or warns likewise: \`checkEnviron(environ)\`, \`checkInput(stream)\`,
\`checkErrors(stream)\`, \`checkStatus(status)\`, \`checkHeaders(headers)\`, \`checkContentType(status, headers)\`,
\`checkExcInfo(exc_info)\`, \`checkIterator(body)\`. \`RULES\` is the table below.
`;

export function renderValidatorPage(): string {
  let page = HEAD;
  for (const [title, rules] of RULE_GROUPS) {
    page += `\n## ${title}\n\n| Code | | Rule | Fix | Source |\n|---|---|---|---|---|\n`;
    page += rules.map(row).join('');
  }
  page += '\n## What it leaves alone\n\n| Promise | Source |\n|---|---|\n';
  page += PROMISES.map(({ rule, source }) => `| ${rule} | ${source} |\n`).join('');
  return page;
}

function row({ code, level, rule, fix, source, option }: Rule): string {
  const switched = option === undefined ? '' : ` (option \`${option}\`)`;
  return `| \`${code}\` | ${level}${switched} | ${rule} | ${fix} | ${source} |\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(VALIDATOR_PAGE, renderValidatorPage());
