/** What to say of a name that is not known: which one was meant, or what to write for an option of other servers. */

/** Why an option is refused. @param place what has it: a file, for example. */
export function unknownOption(name: string, known: Iterable<string>, place?: string): string {
  const start = place === undefined ? 'There' : `${place}: there`;
  return `${start} is no option ${name}${insteadOf(name) || didYouMean(name, known)}`;
}

/** ` (did you mean X?)` when one of `known` is close to `name`, else nothing: goes at the end of a sentence. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
}

/** The known name with the fewest edits to `name`, if that is few for its length; spelling conventions do not count. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = bare(name);
  let best: string | undefined;
  // One slip in a short name, two in a long one: any more and the guess is noise. A letter alone has no neighbours.
  let limit = wanted.length < 2 ? 0 : wanted.length < 6 ? 1 : 2;
  for (const candidate of known) {
    const distance = editDistance(wanted, bare(candidate));
    if (distance > limit || (distance === limit && best !== undefined)) continue;
    best = candidate;
    limit = distance;
  }
  return best;
}

/** `graceful_timeout`, `--graceful-timeout` and `gracefulTimeout` are one name. */
function bare(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}

/** How many letters to insert, leave out, replace or swap with their neighbour; one row of the matrix at a time. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      const swapped = a[i] === b[j - 1] && a[i - 1] === b[j] ? (before[j - 1] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

const WORKERS =
  'one process serves here. Write --threads N for handlers in parallel, or start several processes behind a proxy (docs/deploying.md)';
const CLASS = 'handlers run on the event loop, or in threads with --threads N';
const SYSTEM = 'let the service manager do that (docs/deploying.md)';
const ROTATE = 'a thread that dies is replaced, and nothing else is restarted: leave it out';

/** What servers of WSGI for Python have and this one does not, by the names of gunicorn's command line, and of its config file with underscores. */
const INSTEAD: Readonly<Record<string, string>> = {
  '-w': WORKERS,
  '--workers': WORKERS,
  '--processes': WORKERS,
  '-k': CLASS,
  '--worker-class': CLASS,
  '--worker-connections': '--backlog-requests limits how many requests may wait for a thread',
  '--max-requests': ROTATE,
  '--max-requests-jitter': ROTATE,
  '--preload': 'the application is loaded before the server listens: leave it out',
  '--preload-app': 'the application is loaded before the server listens: leave it out',
  '-D': SYSTEM,
  '--daemon': SYSTEM,
  '-u': SYSTEM,
  '--user': SYSTEM,
  '-g': SYSTEM,
  '--group': SYSTEM,
};

/** The end of a sentence about an option that is not known: `: one process serves here. …`, or nothing. */
export function insteadOf(name: string): string {
  const flag = name.startsWith('-') ? name : `--${name.replaceAll('_', '-')}`;
  const text = Object.hasOwn(INSTEAD, flag) ? INSTEAD[flag] : undefined;
  return text === undefined ? '' : `: ${text}`;
}
