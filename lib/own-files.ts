/**
 * Where the files of this package are. The build joins modules into few files, because Node starts faster with these:
 * `import.meta.url` elsewhere says nothing about the place of a module. The joined files are beside the entries, in `dist/` itself.
 */
import { readFileSync } from 'node:fs';

/** The folder of the code: `dist/`, or `lib/` where that runs itself. */
export const OWN_FOLDER = new URL('.', import.meta.url);

/** `.ts` where the source runs itself, through a loader. */
const EXTENSION = /\.\w+$/.exec(import.meta.url)?.[0] ?? '.js';

/**
 * A module that Node is given by its URL, to run in a thread of its own.
 * @param path in the folder of the code, without its extension; `scripts/build.ts` lists these.
 */
export function ownModule(path: string): URL {
  return new URL(`${path}${EXTENSION}`, OWN_FOLDER);
}

/** The version of this package, as `1.2.3`. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', OWN_FOLDER), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
