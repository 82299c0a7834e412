/**
 * Makes `out/` a copy of the project in which TypeScript is JavaScript: tsc has put that there, and all else is linked, so
 * that what specs look for by a path from their own place is there.
 */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders that hold TypeScript; what else is at the root is linked as a whole. */
const COMPILED = ['lib', 'spec', 'examples', 'bench', 'scripts'];
const LEFT_OUT = ['out', '.git', 'node_modules'];

export function mirror(root: string, out: string): void {
  for (const name of readdirSync(root)) {
    if (COMPILED.includes(name)) linkFiles(join(root, name), join(out, name));
    else if (!LEFT_OUT.includes(name)) link(join(root, name), join(out, name));
  }
}

function linkFiles(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name === 'out') continue;
    if (entry.isDirectory()) linkFiles(join(from, entry.name), join(to, entry.name));
    else link(join(from, entry.name), join(to, entry.name));
  }
}

function link(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(from, to);
}
