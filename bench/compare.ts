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

/** @param load runs against one server for a while, and gives the number of requests that were answered. */
export async function compare(
  servers: ServerProcess[],
  rounds: number,
  load: (server: ServerProcess) => Promise<number>,
): Promise<Measured[]> {
  const runs = servers.map(() => [] as { perSecond: number; cpu: number }[]);
  for (const server of servers) await load(server);
  for (let round = 0; round < rounds; round++) {
    for (const [i, server] of servers.entries()) {
      const cpu = server.cpuSeconds();
      const start = performance.now();
      const count = await load(server);
      const seconds = (performance.now() - start) / 1000;
      runs[i]?.push({ perSecond: count / seconds, cpu: ((server.cpuSeconds() - cpu) / count) * 1e6 });
    }
  }
  const reference = runs[0] ?? [];
  return servers.map(({ name }, i) => {
    const own = runs[i] ?? [];
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

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
