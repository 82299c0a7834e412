/** The stack of what a module threw while it was loading, without what loaded it. */
import { fileURLToPath } from 'node:url';
import { describeThrown } from '../../logger.js';

const PACKAGE = new URL('../../', import.meta.url);
/** Node's loader, tsx, and the command itself: no reader of the log has written them, or can change them. */
const LOADERS = ['node:internal/', '/node_modules/tsx/', PACKAGE.href, fileURLToPath(PACKAGE)];

const FRAME = /^ +at /;
/** Where more of an error follows below its stack. */
const OPENING = / \{$/;

/** As `describeThrown`; of each stack the last calls are left out, as long as they are none of the application's. */
export function describeLoadFailure(thrown: unknown): string {
  const kept: string[] = [];
  const lines = describeThrown(thrown).split('\n');
  for (const [index, line] of lines.entries()) {
    kept.push(line);
    if (!FRAME.test(line) || FRAME.test(lines[index + 1] ?? '')) continue;
    const opening = OPENING.exec(line)?.[0] ?? '';
    while (isOfLoader(kept.at(-1) ?? '')) kept.pop();
    const last = kept.pop() ?? '';
    kept.push(OPENING.test(last) ? last : last + opening);
  }
  return kept.join('\n');
}

function isOfLoader(line: string): boolean {
  return FRAME.test(line) && LOADERS.some((loader) => line.includes(loader));
}
