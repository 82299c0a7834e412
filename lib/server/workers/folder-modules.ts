/** The modules in a folder: what an application may load next, when it could not be loaded as it is. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const MODULE = /\.(?:[cm]?[jt]s|[jt]sx|json)$/;
/** Somebody may start a server in the root of all files. */
const MOST_ENTRIES = 20_000;

/** Leaves out packages, and folders whose name begins with a dot. The nearest come first. */
export function modulesIn(folder: string): string[] {
  const found: string[] = [];
  const folders = [folder];
  let left = MOST_ENTRIES;
  for (const path of folders) {
    for (const entry of entriesOf(path)) {
      if (left-- === 0) return found;
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) folders.push(join(path, entry.name));
      else if (MODULE.test(entry.name)) found.push(join(path, entry.name));
    }
  }
  return found;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It was removed meanwhile, or is not for us to read.
    return [];
  }
}
