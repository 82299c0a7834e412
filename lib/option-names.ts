/** Names of options: refuses one that does not exist, and says which was probably meant. */
import { inspect } from 'node:util';
import { ConfigError } from './errors.js';

/**
 * @param taker of the options, for the message.
 * @throws ConfigError, or `Fault`, if `options` is not an object, or has a name that would be ignored.
 */
export function checkOptionNames(
  taker: string,
  options: object,
  known: readonly string[],
  Fault: new (message: string) => Error = ConfigError,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new Fault(`${taker} takes an object of options, not ${inspect(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const hint = didYouMean(name, known) || `, only ${known.join(', ')}`;
    throw new Fault(`${taker} has no option ${name}${hint}`);
  }
}

/** ` (did you mean X?)` when one of `known` is close to `name`, else nothing: goes at the end of a sentence. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
}

/** The known name with the fewest edits to `name`, if that is few for its length; spelling conventions do not count. */
function nearestName(name: string, known: Iterable<string>): string | undefined {
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
