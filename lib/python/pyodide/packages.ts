/** Installed packages: which folders have some, and which modules are theirs and not the application's. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** `pip install --target FOLDER` makes these beside each package (PEP 376). */
const INFO = /\.dist-info$/;

export interface PackageFolder {
  readonly path: string;
  /** Names of modules and packages at the top. */
  readonly modules: readonly string[];
  /** Of what is installed: another text after any change. */
  readonly state: readonly string[];
}

/** Those of the folders that pip has installed into. */
export function packageFolders(folders: readonly string[]): PackageFolder[] {
  return folders.map(readFolder).filter(({ modules }) => modules.length > 0);
}

function readFolder(path: string): PackageFolder {
  const modules = new Set<string>();
  const state: string[] = [];
  for (const info of infosOf(path)) {
    try {
      const record = join(path, info, 'RECORD');
      const { size, mtimeMs } = statSync(record);
      state.push(`${info} ${size} ${mtimeMs}`);
      for (const line of readFileSync(record, 'utf8').split('\n')) {
        const name = /^([A-Za-z_]\w*)(?:\/|\.py,)/.exec(line)?.[1];
        if (name !== undefined) modules.add(name);
      }
    } catch {
      // Installed by other means: it is the application's, as far as we know.
    }
  }
  return { path, modules: [...modules].sort(), state };
}

function infosOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => INFO.test(name))
      .sort();
  } catch {
    return [];
  }
}

/**
 * Where a virtual environment has its packages.
 * @param python `3.14`: of another version's packages the compiled parts could not be used.
 */
export function environmentPackages(environment: string | undefined, python: string): string[] {
  if (environment === undefined) return [];
  const folder = join(environment, 'lib', `python${python}`, 'site-packages');
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? [folder] : [];
}
