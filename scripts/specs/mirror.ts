/**
 * Makes `out/` a copy of the project in which TypeScript is JavaScript: tsc has put that there. All else is copied or
 * linked, so that what specs look for by a path from their own place is there.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders that hold TypeScript; what else is at the root is linked as a whole. */
const COMPILED = ['lib', 'spec', 'examples', 'bench', 'scripts'];
const LEFT_OUT = ['out', '.git', '.venv', 'node_modules'];

export function mirror(root: string, out: string): void {
  for (const name of readdirSync(root)) {
    if (COMPILED.includes(name)) copyFiles(join(root, name), join(out, name));
    else if (!LEFT_OUT.includes(name)) link(join(root, name), join(out, name));
  }
}

function copyFiles(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (LEFT_OUT.includes(entry.name)) continue;
    if (entry.isDirectory()) copyFiles(join(from, entry.name), join(to, entry.name));
    else if (entry.name.endsWith('.ts')) link(join(from, entry.name), join(to, entry.name));
    else copy(join(from, entry.name), join(to, entry.name));
  }
}

/** A module that was linked would import the TypeScript beside the original. */
function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function link(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(from, to);
}
