/**
 * Which files a server has loaded, and when they change. Asks for their state again and again, as gunicorn and werkzeug
 * do: `fs.watch` loses sight of a file that is replaced, which is how editors and `sed -i` save, and it has limits and
 * network file systems that it does not work on. Asking takes a few microseconds a file.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileState } from './child-report.js';

const INTERVAL_MS = 250;
/** A save takes several steps, and a change of branch many files: it is over when nothing has changed for as long. */
const SETTLE_MS = 50;
const LONGEST_SETTLE_MS = 2000;
/** Asking takes at most one part in so many of the time, however many files there are. */
const SHARE = 50;

export class FileWatch {
  readonly #folder: string;
  readonly #always: readonly string[];
  readonly #onChange: (files: readonly string[]) => void;
  /** As they were at the last look. */
  #states = new Map<string, string>();
  /** What the process that runs has loaded, or may load first of all. */
  #loaded: Set<string>;
  /** What was reported since the last start. */
  #reported = new Set<string>();
  #everything = false;
  #changed = new Set<string>();
  #settlingSince = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param folder that of the application, where a file may help that was not loaded.
   * @param always files that matter even if they are not there yet.
   */
  constructor(folder: string, always: readonly string[], onChange: (files: readonly string[]) => void) {
    this.#folder = folder;
    this.#always = always;
    this.#onChange = onChange;
    this.#loaded = new Set(always);
  }

  /** A process is about to be started: it sees all that has changed until now, and nothing else is sure. */
  starts(): void {
    const before = this.#states;
    this.#states = new Map();
    for (const file of modulesIn(this.#folder)) this.#states.set(file, fileState(file));
    // These are looked at all the time: what has changed since is still to be said.
    for (const file of this.#loaded) this.#states.set(file, before.get(file) ?? fileState(file));
    this.#reported = new Set(this.#always);
    this.#everything = false;
    this.#timer ??= setTimeout(this.#look, INTERVAL_MS);
  }

  /** The process loads a file, which was in `state` the moment before. */
  loads(file: string, state: string): void {
    this.#reported.add(file);
    if (this.#loaded.has(file)) return;
    this.#loaded.add(file);
    this.#states.set(file, state);
  }

  /** The process has all that it needs: what an earlier one had is no longer of interest. */
  isReady(): void {
    this.#loaded = new Set(this.#reported);
  }

  /** The process has ended: any file of the application may bring it back, also one that is not there yet. */
  isGone(): void {
    this.#everything = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const began = performance.now();
    const seen = this.#changed.size > 0;
    const more = this.#findChanges();
    if (more && !seen) this.#settlingSince = began;
    const isSaving = more || [...this.#changed].some((file) => isEmptied(this.#states.get(file)));
    if (this.#changed.size > 0 && (!isSaving || began - this.#settlingSince > LONGEST_SETTLE_MS)) {
      const files = [...this.#changed];
      this.#changed.clear();
      this.#onChange(files);
    }
    const cost = (performance.now() - began) * SHARE;
    this.#timer = setTimeout(this.#look, Math.max(this.#changed.size > 0 ? SETTLE_MS : INTERVAL_MS, cost));
  };

  #findChanges(): boolean {
    const files = this.#everything ? [...this.#states.keys(), ...modulesIn(this.#folder)] : this.#loaded;
    let found = false;
    for (const file of files) {
      const state = fileState(file);
      if (state === this.#states.get(file)) continue;
      this.#states.set(file, state);
      this.#changed.add(file);
      found = true;
    }
    return found;
  }
}

/** A save in place empties the file first, and may be held up before it writes; some editors remove the file and make another. */
function isEmptied(state = ''): boolean {
  return state === '' || state.endsWith(':0');
}

const MODULE = /\.(?:[cm]?[jt]s|[jt]sx|json)$/;
/** A server may be started in the root of all files. */
const MOST_ENTRIES = 20_000;

/**
 * The modules in a folder: what an application may load next, when it could not be loaded as it is. Leaves out packages, and
 * folders whose name begins with a dot. The nearest come first.
 */
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
