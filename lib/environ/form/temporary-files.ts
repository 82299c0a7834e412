/** The temporary files that forms have: what is left of them at the end of the process is removed there. */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';

/** Something that has temporary files. */
export interface OpenFolder {
  /** Removes them, without waiting for anything. */
  remove(): void;
}

const open = new Set<OpenFolder>();

/** Until `forget`. */
export function remember(folder: OpenFolder): void {
  if (open.size === 0) process.on('exit', removeAll);
  open.add(folder);
}

export function forget(folder: OpenFolder): void {
  if (open.delete(folder) && open.size === 0) process.removeListener('exit', removeAll);
}

function removeAll(): void {
  for (const folder of open) attempt(() => folder.remove());
}

const KEY = 'wsgi.form_folders';

let name: string | undefined;

/**
 * The same in all threads. Not the number of the process: the folder of the system may be shared with containers, where
 * others have that number. (So nothing is removed either that a process left which was killed: it cannot be told from
 * what belongs to one that runs.)
 */
function processName(): string {
  name ??= getEnvironmentData(KEY) as string | undefined;
  if (name === undefined) {
    name = randomBytes(8).toString('hex');
    if (isMainThread) setEnvironmentData(KEY, name);
  }
  return name;
}

/** For mkdtemp(): the folder of a form that was given none. */
export function ownFolderPrefix(): string {
  return join(tmpdir(), `wsgi-form-${processName()}-${threadId}-`);
}

let watching = false;

/**
 * To be called before a thread is started: one that is ended by force removes nothing.
 * @returns what is to be called with the thread's id when it is no more.
 */
export function watchThreads(): (thread: number) => void {
  const start = `wsgi-form-${processName()}-`;
  // One that cannot be ended is still there at the end of the process.
  if (!watching) process.on('exit', () => removeFolders(start));
  watching = true;
  return (thread) => removeFolders(`${start}${thread}-`);
}

function removeFolders(start: string): void {
  attempt(() => {
    const folder = tmpdir();
    for (const one of readdirSync(folder)) if (one.startsWith(start)) removePath(join(folder, one));
  });
}

/** @param path of a file, or a folder in which a file may be made while it is removed. */
export function removePath(path: string): void {
  attempt(() => rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 }));
}

/** At the end nobody is there to be told, and there may be more to remove. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {}
}
