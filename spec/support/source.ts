/**
 * Files of this project, as a process or a thread can run them: specs run as JavaScript, compiled into `out/` (npm
 * test), or as TypeScript through tsx (one spec file alone), and so do the scripts that they start.
 */
import { fileURLToPath } from 'node:url';

const COMPILED = import.meta.url.endsWith('.js');

/** The folder of package.json. */
export const ROOT = fileURLToPath(new URL(COMPILED ? '../../../' : '../../', import.meta.url));

/** What Node needs before the path of a script. */
export const NODE_OPTIONS: readonly string[] = COMPILED
  ? ['--enable-source-maps']
  : ['--import', import.meta.resolve('tsx')];

/** The command: as it was built, or from its source. */
export const CLI = COMPILED ? `${ROOT}dist/bin.js` : `${ROOT}lib/bin.ts`;

/** @param file of TypeScript, relative to `base`. @param base `import.meta.url`. @returns the path of what runs. */
export function scriptOf(file: string, base: string): string {
  return fileURLToPath(new URL(COMPILED ? file.replace(/\.ts$/, '.js') : file, base));
}
