/**
 * The TypeScript sides of PORTING.md in one server, told apart by a header: site.ts PORT THREADS FOLDER. The folder has
 * copies of the examples that import `wsgi.mjs` of it instead of `wsgi`, whose `run` and `makeServer` keep the application.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Application } from '../../../lib/environ/types.js';

const [, , port, threads, folder = ''] = process.argv;

interface Kept {
  run(app: Application, options: object): Promise<unknown>;
  readonly taken: Application[];
}

const wsgi = (await import(pathToFileURL(`${folder}/wsgi.mjs`).href)) as Kept & {
  readonly real: { run(app: Application, options: object): Promise<unknown> };
};
const pairs = JSON.parse(readFileSync(`${folder}/pairs.json`, 'utf8')) as { name: string; file: string }[];

const apps = new Map<string, Application>();
for (const { name, file } of pairs) {
  wsgi.taken.length = 0;
  await import(`${pathToFileURL(`${folder}/${file}`).href}?${name}`);
  const [app] = wsgi.taken;
  if (app === undefined) throw new Error(`${file} served nothing`);
  apps.set(name, app);
}

const site: Application = (environ, start_response) => {
  const app = apps.get(environ.HTTP_PAIR ?? '');
  if (app === undefined) throw new Error(`There is no pair ${environ.HTTP_PAIR}`);
  return app(environ, start_response);
};

void wsgi.real.run(site, { port: Number(port), threads: Number(threads) });
