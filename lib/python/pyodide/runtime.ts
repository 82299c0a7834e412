/** What we use of the package `pyodide`, public or not, and where it lies. It is an optional peer: its types may not be there. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConfigError } from '../../errors.js';
import { OWN_FOLDER } from '../../own-files.js';

/** A proxy of a Python object. */
export interface PyProxy {
  copy(): PyProxy;
  destroy(): void;
  getBuffer(type: 'u8'): { readonly data: Uint8Array; release(): void };
}

/** A proxy of something callable, called so that it may wait in promises (JSPI). */
export interface PyPromising extends PyProxy {
  callPromising(...args: unknown[]): Promise<unknown>;
}

export type PyCallable = PyProxy & ((...args: unknown[]) => unknown);

interface FileStream {
  /** A descriptor of the system, of files on the host. */
  readonly nfd?: number;
}

/** What a file on the host is, as Python is told. */
interface FileFacts {
  readonly ino: number;
}

export interface HostFileSystem {
  getattr?(stat: () => FileFacts, node: unknown): FileFacts;
}

export interface FileSystem {
  chmod(path: string, mode: number): void;
  mkdir(path: string, mode?: number): unknown;
  open(path: string, flags: number, mode?: number): unknown;
  mkdirTree(path: string): void;
  mount(type: unknown, options: { readonly root: string }, path: string): unknown;
  chdir(path: string): void;
  getStream?(descriptor: number): FileStream | undefined;
  readonly filesystems: { readonly NODEFS: HostFileSystem };
}

interface Output {
  readonly write: (bytes: Uint8Array) => number;
  readonly isatty: boolean;
}

export interface Pyodide {
  readonly version: string;
  readonly FS: FileSystem;
  runPython(code: string): unknown;
  setInterruptBuffer(buffer: Int32Array): void;
  setStdout(output: Output): void;
  setStderr(output: Output): void;
  setStdin(input: { readonly stdin: () => null }): void;
  /** Not public: of the memory, to be saved. */
  makeMemorySnapshot?(): Uint8Array;
  /** Not public: the options that it was loaded with. */
  readonly _api?: { readonly config?: object };
  /** Not public: says how much memory it has. */
  readonly _module?: PythonModule;
}

/** The module of WebAssembly with Python in it. */
export interface PythonModule {
  readonly HEAPU8?: Uint8Array;
  /** Where the stack of C is now; it grows downwards. */
  stackSave?(): number;
  /** Where the stack of the call that may be suspended began. */
  stackStop?: number;
  /** A part of the stack of C: `restore` copies away what is below. */
  readonly StackState?: new () => { restore(): void };
}

/** The module of WebAssembly before Python is in it. */
export interface EmscriptenModule {
  readonly HEAPU8?: Uint8Array;
  _malloc?(size: number): number;
  _free?(pointer: number): void;
}

export interface LoadOptions {
  readonly indexURL: string;
  readonly env: Readonly<Record<string, string>>;
  readonly _makeSnapshot?: boolean;
  readonly _loadSnapshot?: Uint8Array;
  readonly createPyodideModule?: (settings: unknown) => Promise<EmscriptenModule>;
}

export interface PyodideModule {
  loadPyodide(options: LoadOptions): Promise<Pyodide>;
}

/** Where the package lies, and which it is. */
export interface PyodidePackage {
  readonly folder: string;
  readonly version: string;
}

/**
 * The package that the application has, or else the one beside this package.
 * @param folder of the application.
 * @throws ConfigError if there is none.
 */
export function findPyodide(folder: string): PyodidePackage {
  for (const from of [join(folder, 'x'), join(process.cwd(), 'x'), fileURLToPath(OWN_FOLDER)]) {
    try {
      const path = createRequire(from).resolve('pyodide/package.json');
      const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
      return { folder: dirname(path), version };
    } catch {
      // Not there: the next one.
    }
  }
  throw new ConfigError(
    'The package pyodide is not installed: npm install pyodide, or name an interpreter, as in --python python3',
  );
}

export async function importPyodide({ folder }: PyodidePackage): Promise<PyodideModule> {
  return (await import(pathToFileURL(join(folder, 'pyodide.mjs')).href)) as PyodideModule;
}

export async function importEmscripten({
  folder,
}: PyodidePackage): Promise<(settings: unknown) => Promise<EmscriptenModule>> {
  const module = (await import(pathToFileURL(join(folder, 'pyodide.asm.mjs')).href)) as {
    default(settings: unknown): Promise<EmscriptenModule>;
  };
  return module.default;
}
