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
 * The application's own modules are in none of them: their environment, secrets and open files would be. Packages are imported
 * with those variables of the environment that are not secrets; a snapshot is used where all that they looked for are the same.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageVersion } from '../../own-files.js';
import { gatewayState } from './host-folders.js';
import type { PackageFolder } from './packages.js';
import type { PyodidePackage } from './runtime.js';
import { type Env, hindrance, valuesOf } from './snapshot-env.js';
import { cacheFolder, keyOf, readCached, removeCached, writeCached } from './snapshot-file.js';

export interface SnapshotPlan {
  readonly folder: string;
  readonly base: string;
  /** Undefined where nothing is installed. */
  readonly packages: string | undefined;
}

/** What was imported from the packages. */
export interface PackageNote {
  readonly modules: readonly string[];
  /** The variables that they have looked for, once they were imported for a snapshot; `*`: for all. */
  readonly variables?: readonly string[];
}

export interface StartSnapshot {
  readonly bytes: Buffer | undefined;
  readonly name: string | undefined;
  /** The one to make: of Python, or with packages. */
  readonly make: 'base' | 'packages' | undefined;
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
  const facts = [pyodide, packageVersion(), process.arch, node, gatewayState(), hasConnections];
  const base = keyOf([...facts, timezone()]);
  return {
    folder,
    base,
    packages: packages.length === 0 ? undefined : keyOf([base, packages, application]),
  };
}

/** There is nothing to be made for the threads that come later. */
export function isComplete(plan: SnapshotPlan, env: Env): boolean {
  const { folder, base, packages } = plan;
  if (!existsSync(join(folder, base))) return false;
  if (packages === undefined) return true;
  const note = readNote(folder, packages);
  if (note?.variables === undefined) return false;
  const name = nameOf(plan, note.variables, env);
  return name === undefined || existsSync(join(folder, name));
}

/** @returns why the packages are imported at each start, if they are: the variable that they look for, or `*`. */
export function whyUnused({ folder, packages }: SnapshotPlan, env: Env): string | undefined {
  const note = packages === undefined ? undefined : readNote(folder, packages);
  return hindrance(note?.variables ?? [], env);
}

export function chooseSnapshot(plan: SnapshotPlan, env: Env): StartSnapshot {
  const { folder, base, packages } = plan;
  const note = packages === undefined ? undefined : readNote(folder, packages);
  const name = note?.variables === undefined ? undefined : nameOf(plan, note.variables, env);
  const whole = name === undefined ? undefined : readCached(folder, name);
  if (whole !== undefined) return { bytes: whole, name, make: undefined, note };
  const bytes = readCached(folder, base);
  if (bytes === undefined) return { bytes, name: undefined, make: 'base', note };
  const isNext = note !== undefined && (note.variables === undefined || name !== undefined);
  return { bytes, name: base, make: isNext ? 'packages' : undefined, note };
}

/** @returns undefined where no snapshot can have these packages: they look for what is in none. */
export function nameOf(
  { packages, base }: SnapshotPlan,
  variables: readonly string[],
  env: Env,
): string | undefined {
  if (hindrance(variables, env) !== undefined) return undefined;
  return keyOf([packages ?? base, valuesOf(variables, env)]);
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

/** Python's `time` has read it before it is saved: minutes from UTC, in winter and in summer. */
function timezone(): number[] {
  const year = new Date().getFullYear();
  return [0, 6].map((month) => new Date(year, month, 1).getTimezoneOffset());
}
