/** A project as docs/deploying.md has it, in a temporary folder: an application, and this package in its node_modules. */
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommandLine } from '../../lib/server/cli/command-line.js';
import type { ServerOptions } from '../../lib/server/options/options.js';
import { ROOT } from '../support/source.js';
import { temporaryFolder } from '../support/temporary-folder.js';

export const PAGE = 'docs/deploying.md';

const APP = `export const app = (environ, start_response) => {
  const ready = environ.PATH_INFO === '/ready';
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(ready ? 'ready' : 'the site')];
};
`;

/** Its `node_modules/.bin/wsgi` is the command, as it was built. */
export function project(): string {
  const folder = temporaryFolder({
    'app.mjs': APP,
    'package.json': '{ "name": "site", "type": "module", "dependencies": { "wsgi": "*" } }',
  });
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(ROOT, join(modules, 'wsgi'));
  const command = join(ROOT, 'dist', 'bin.js');
  chmodSync(command, 0o755);
  symlinkSync(command, join(modules, '.bin', 'wsgi'));
  return folder;
}

/** Options of the server in a command line, behind the name of the command. @throws UsageError */
export function optionsOf(words: readonly string[]): ServerOptions {
  return parseCommandLine(words).server;
}
