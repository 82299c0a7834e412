/** Reports every file that this thread imports or requires. */
import module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseUrl } from '../../environ/syntax.js';
import { ownModule } from '../../own-files.js';
import { fileState, writeReport } from './child-report.js';

interface Resolved {
  readonly url: string;
}
interface ResolveContext {
  readonly parentURL?: string | undefined;
}
type Next = (specifier: string, context: ResolveContext) => Resolved;
type Resolve = (specifier: string, context: ResolveContext, next: Next) => Resolved;

/** Newer than the types: hooks in the same thread, for `import` and `require` alike (Node 22.15). */
const { registerHooks } = module as { readonly registerHooks?: (hooks: { resolve: Resolve }) => unknown };

/** Milliseconds between two looks at what was required, on a Node that has hooks for `import` only. */
const REQUIRED_MS = 500;

/** Writes each file once to `descriptor`, before it is read: a save in the meantime then differs. */
class FileReports {
  readonly #descriptor: number;
  readonly #seen = new Set<string>();

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** @param url of a module; one that is not a file is left out, and so is what loaders add to one. */
  addUrl(url: string): void {
    if (url.startsWith('file:')) this.add(fileURLToPath(url));
  }

  /** An import that failed: the file may come to be. */
  addMissing(specifier: string, parent: string | undefined): void {
    const url = /^(?:\.{0,2}\/|file:)/.test(specifier) ? parseUrl(specifier, parent) : undefined;
    if (url !== undefined) this.addUrl(url.href);
  }

  add(file: string): void {
    if (this.#seen.has(file)) return;
    this.#seen.add(file);
    writeReport(this.#descriptor, { file, state: fileState(file) });
  }
}

export function watchImports(descriptor: number): void {
  const reports = new FileReports(descriptor);
  if (registerHooks !== undefined) {
    registerHooks({
      resolve(specifier, context, next) {
        try {
          const resolved = next(specifier, context);
          reports.addUrl(resolved.url);
          return resolved;
        } catch (error) {
          reports.addMissing(specifier, context.parentURL);
          throw error;
        }
      },
    });
    return;
  }
  module.register(ownModule('server/workers/loaded-files').href, { data: { descriptor } });
  const { cache } = createRequire(import.meta.url);
  reportRequired = () => {
    for (const file of Object.keys(cache)) reports.add(file);
  };
  setInterval(reportRequired, REQUIRED_MS).unref();
  process.on('exit', reportRequired);
}

/** Reports at once what was required, where only a look at all of it can tell. */
export let reportRequired = (): void => {};

/** In the thread where a Node without `registerHooks` runs hooks: `module.register` calls the two functions below. */
let hookReports: FileReports | undefined;

export function initialize({ descriptor }: { readonly descriptor: number }): void {
  hookReports = new FileReports(descriptor);
}

export async function resolve(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => Promise<Resolved>,
): Promise<Resolved> {
  try {
    const resolved = await next(specifier, context);
    hookReports?.addUrl(resolved.url);
    return resolved;
  } catch (error) {
    hookReports?.addMissing(specifier, context.parentURL);
    throw error;
  }
}
