/** The script of this process, which threads load again (as `node:cluster` does with processes). */
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { ConfigError } from '../../../errors.js';
import type { ThreadEntry } from '../shared/thread-data.js';

/** @throws ConfigError if there is none, or this is not the main thread. */
export function thisScript(): ThreadEntry {
  if (!isMainThread) throw new ConfigError('Option threads works only in the main thread of a process');
  const script = resolveScript(process.argv[1]);
  if (script !== undefined) return { script };
  throw new ConfigError(
    'Option threads needs a script: each thread loads the file that called run(), and code from the command line (-e) or standard input has none',
  );
}

/** As `node` does: without its extension, or a folder. */
function resolveScript(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return createRequire(path).resolve(path);
  } catch {
    return undefined;
  }
}
