/** Measures servers side by side: short rounds, in turn, so that a machine that slows down slows all of them. */
import type { ServerProcess } from './server-process.js';

export interface Measured {
  name: string;
  /** Medians over the rounds. */
  perSecond: number;
  /** Microseconds of the server's CPU for one request. */
  cpu: number;
  /** CPU of the reference divided by this one's, round by round: 1 is as good as the reference. */
  ratio: number;
  /** The lowest and the highest of those. */
  spread: [number, number];
}

/** What each part of the bench is given. */
export interface Bench {
  readonly rounds: number;
  /** Milliseconds of a round. */
  readonly time: number;
  chosen(part: string): boolean;
  add(section: string): void;
}

/** Requests until V8 has compiled most of what a server runs, and the most milliseconds that they may take. */
const WARM_REQUESTS = 1500;
const WARM_MS = 10_000;

interface Run {
  perSecond: number;
  cpu: number;
}

/** What was measured of several servers, by their names; the first is the reference. */
export class Comparison {
  readonly #runs = new Map<string, Run[]>();

  /** @param load runs against one server for a while, and gives the number of requests that were answered. */
  async measure(
    servers: readonly ServerProcess[],
    rounds: number,
    load: (server: ServerProcess) => Promise<number>,
  ): Promise<void> {
    for (const server of servers) await warm(() => load(server));
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) {
        const cpu = server.cpuSeconds();
        const start = performance.now();
        const count = await load(server);
        const seconds = (performance.now() - start) / 1000;
        const run = { perSecond: count / seconds, cpu: ((server.cpuSeconds() - cpu) / count) * 1e6 };
        this.#runs.set(server.name, [...(this.#runs.get(server.name) ?? []), run]);
      }
    }
  }

  get results(): Measured[] {
    const [first = ''] = this.#runs.keys();
    return this.resultsOf([...this.#runs.keys()], first);
  }

  /** Some of them, with another reference than the first. */
  resultsOf(names: readonly string[], referenceName: string): Measured[] {
    const reference = this.#runs.get(referenceName) ?? [];
    return names.map((name) => {
      const own = this.#runs.get(name) ?? [];
      const ratios = own.map(({ cpu }, round) => (reference[round]?.cpu ?? Number.NaN) / cpu);
      return {
        name,
        perSecond: median(own.map((run) => run.perSecond)),
        cpu: median(own.map((run) => run.cpu)),
        ratio: median(ratios),
        spread: [Math.min(...ratios), Math.max(...ratios)],
      };
    });
  }
}

async function warm(load: () => Promise<number>): Promise<void> {
  const start = performance.now();
  for (let count = 0; count < WARM_REQUESTS && performance.now() - start < WARM_MS; ) count += await load();
}

/** One comparison by itself. */
export async function compare(
  servers: readonly ServerProcess[],
  rounds: number,
  load: (server: ServerProcess) => Promise<number>,
): Promise<Measured[]> {
  const comparison = new Comparison();
  await comparison.measure(servers, rounds, load);
  return comparison.results;
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
