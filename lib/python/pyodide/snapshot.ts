/**
 * Which snapshot a thread starts from, and which one it makes for those after it:
 *
 * | there is                                 | it starts from | and makes                                    |
 * |------------------------------------------|----------------|----------------------------------------------|
 * | nothing                                  | nothing        | one of Python                                |
 * | one of Python                            | that           | nothing; it notes which packages it imported |
 * | the same, and a note of what is new      | that           | one with these packages imported             |
 * | one with the packages                    | that           | nothing                                      |
 *
 * The application's own modules are in none of them: their environment, secrets and open files would be.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageVersion } from '../../own-files.js';
import { GATEWAY_FILES } from './host-folders.js';
import type { PackageFolder } from './packages.js';
import type { PyodidePackage } from './runtime.js';
import { cacheFolder, keyOf, readCached, removeCached, writeCached } from './snapshot-file.js';

export interface SnapshotPlan {
  readonly folder: string;
  readonly base: string;
  /** Undefined where nothing is installed. */
  readonly packages: string | undefined;
}

/** What was imported from the packages, and which variables of the environment that has read. */
export interface PackageNote {
  readonly modules: readonly string[];
  readonly variables?: readonly string[];
}

export interface StartSnapshot {
  readonly bytes: Buffer | undefined;
  readonly name: string | undefined;
  /** The one to make. */
  readonly make: { readonly name: string; readonly note: PackageNote | undefined } | undefined;
  readonly note: PackageNote | undefined;
}

/**
 * @param application what imports the packages: each application has its own snapshot.
 * @param hasConnections many handlers in each thread: other parts of Python are replaced for these.
 * @returns undefined where there is no folder to keep them in.
 */
export function planSnapshot(
  pyodide: PyodidePackage,
  packages: readonly PackageFolder[],
  application: readonly string[],
  hasConnections: boolean,
): SnapshotPlan | undefined {
  const folder = cacheFolder();
  if (folder === undefined) return undefined;
  const [node] = process.versions.node.split('.');
  const base = keyOf([pyodide, packageVersion(), process.arch, node, gatewayState(), hasConnections]);
  return {
    folder,
    base,
    packages: packages.length === 0 ? undefined : keyOf([base, packages, application]),
  };
}

/** There is nothing to be made for the threads that come later. */
export function isComplete({ folder, base, packages = base }: SnapshotPlan): boolean {
  return existsSync(join(folder, packages));
}

export function chooseSnapshot(
  { folder, base, packages }: SnapshotPlan,
  env: Readonly<Record<string, string>>,
): StartSnapshot {
  const note = packages === undefined ? undefined : readNote(folder, packages);
  // Packages that have looked for a variable that is there now would have done something else.
  const fits = note?.variables?.every((name) => name !== '*' && !(name in env)) === true;
  if (packages !== undefined && fits) {
    const bytes = readCached(folder, packages);
    if (bytes !== undefined) return { bytes, name: packages, make: undefined, note };
  }
  const bytes = readCached(folder, base);
  if (bytes === undefined) return { bytes, name: undefined, make: { name: base, note: undefined }, note };
  const isNext = packages !== undefined && note !== undefined && note.variables === undefined;
  return { bytes, name: base, make: isNext ? { name: packages, note } : undefined, note };
}

export function keepSnapshot({ folder }: SnapshotPlan, name: string, bytes: Uint8Array): void {
  writeCached(folder, name, bytes);
}

/** It was of no use. */
export function dropSnapshot({ folder }: SnapshotPlan, name: string): void {
  removeCached(folder, name);
}

/** For the next thread, which makes a snapshot of it. */
export function keepNote({ folder, packages }: SnapshotPlan, note: PackageNote): void {
  if (packages !== undefined) writeCached(folder, `${packages}.json`, JSON.stringify(note));
}

function readNote(folder: string, packages: string): PackageNote | undefined {
  const text = readCached(folder, `${packages}.json`);
  return text === undefined ? undefined : (JSON.parse(text.toString()) as PackageNote);
}

/** The Python files of this package: while it is developed they change without a new version. */
function gatewayState(): string[] {
  return readdirSync(GATEWAY_FILES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(GATEWAY_FILES, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}
