/** Which module of the conformance suite has which scenario, for processes and threads that need one of them. */
import { readdirSync } from 'node:fs';
import type { Scenario } from '../../lib/conformance/scenario.js';

const FOLDER = new URL('../../lib/conformance/scenarios/', import.meta.url);

/** The names of the modules in their folder, as JavaScript, by the ids of their scenarios. */
export async function modulesOfScenarios(): Promise<ReadonlyMap<string, string>> {
  const modules = new Map<string, string>();
  for (const name of readdirSync(FOLDER).filter((one) => one.endsWith('.ts') && one !== 'index.ts')) {
    const module = name.replace(/\.ts$/, '.js');
    const lists = (await import(new URL(module, FOLDER).href)) as Record<string, readonly Scenario[]>;
    for (const { id } of Object.values(lists).flat()) modules.set(id, module);
  }
  return modules;
}
