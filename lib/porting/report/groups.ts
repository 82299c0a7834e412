/** Differences of all exchanges, each of them once. */
import type { Difference, Kind } from '../diff/difference.js';
import type { Example, Group } from './report-data.js';
import { sectionOf } from './sections.js';

/** With answers side by side; a port with more of them has to be compared again anyway. */
const MOST_EXAMPLES = 100;
const MOST_GROUPS = 2000;
const MOST_ROUTES = 50;

/** Failures first, for they explain what follows. */
const ORDER: readonly Kind[] = [
  'failure',
  'status',
  'redirect',
  'cut',
  'websocket',
  'stream',
  'body',
  'charset',
  'cookie',
  'header',
  'reason',
  'wire',
];

/** Their values belong to the page, so the same place of another route is something else. */
const OF_ROUTE: readonly Kind[] = ['body', 'websocket'];

interface Counting {
  readonly difference: Difference;
  readonly first: number;
  readonly routes: Map<string, number>;
  readonly example: Promise<Example> | undefined;
  count: number;
}

export class Groups {
  readonly #groups = new Map<string, Counting>();
  #left = 0;

  /** @param example called for the first exchange that has a difference, if there is room for it. */
  async add(
    differences: readonly Difference[],
    number: number,
    route: string,
    example: (() => Promise<Example>) | undefined,
  ): Promise<void> {
    const seen = new Set<string>();
    let made: Promise<Example> | undefined;
    for (const difference of differences) {
      const key = keyOf(difference, route);
      // The name that comes twice in JSON, for example: one exchange counts once.
      if (seen.has(key)) continue;
      seen.add(key);
      const known = this.#groups.get(key);
      if (known !== undefined) {
        known.count++;
        if (known.routes.has(route) || known.routes.size < MOST_ROUTES) {
          known.routes.set(route, (known.routes.get(route) ?? 0) + 1);
        }
        continue;
      }
      if (this.#groups.size >= MOST_GROUPS) {
        this.#left++;
        continue;
      }
      if (this.#groups.size < MOST_EXAMPLES) made ??= example?.();
      this.#groups.set(key, {
        difference,
        first: number,
        routes: new Map([[route, 1]]),
        example: made,
        count: 1,
      });
    }
    await made;
  }

  /** How many differences there was no room for. */
  get left(): number {
    return this.#left;
  }

  async list(): Promise<Group[]> {
    const sorted = [...this.#groups.values()].sort(
      (a, b) => ORDER.indexOf(a.difference.kind) - ORDER.indexOf(b.difference.kind) || a.first - b.first,
    );
    return await Promise.all(
      sorted.map(async ({ difference, routes, example, count }): Promise<Group> => {
        const byCount = [...routes].sort(([, a], [, b]) => b - a);
        return {
          kind: difference.kind,
          where: difference.where,
          count,
          routes: byCount.map(([route, times]) => ({ route, count: times })),
          original: difference.original ?? null,
          candidate: difference.candidate ?? null,
          section: sectionOf(difference) ?? null,
          example: (await example) ?? null,
        };
      }),
    );
  }
}

/** Values that vary from one exchange to another are one: digits, ids, times. */
function keyOf({ kind, where, original, candidate }: Difference, route: string): string {
  if (OF_ROUTE.includes(kind)) return JSON.stringify([kind, where, route]);
  return JSON.stringify([kind, where, plain(original), plain(candidate)]);
}

function plain(value: string | undefined): string | null {
  // A status is what it is.
  if (value === undefined || /^\d{3}$/.test(value)) return value ?? null;
  return value.replace(/[\w+=-]*\d[\w+=-]*/g, '0').slice(0, 200);
}
