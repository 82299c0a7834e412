/** The bench's tables, in Markdown. */
import { cpus, totalmem } from 'node:os';
import type { Measured } from './compare.js';

export function machineFacts(rounds: number, time: number): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return [
    `Node ${process.version}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${memory} GiB, ${process.platform}.`,
    `Medians of at least ${rounds} rounds of ${time} ms, all servers in turn in each. The load comes from the same machine, so`,
    'requests a second say little; the ratio is the CPU time of a request on the first server, divided by that on this',
    'one, round by round: 1 is as good as the first. Its spread shows how noisy the machine was.',
  ].join('\n');
}

export function comparisonTable(title: string, measured: Measured[]): string {
  const rows = measured.map(({ name, perSecond, cpu, ratio, spread: [low, high] }) =>
    [
      name,
      Math.round(perSecond),
      cpu.toFixed(1),
      ratio.toFixed(2),
      `${low.toFixed(2)}–${high.toFixed(2)}`,
    ].join(' | '),
  );
  const head = ['| server | per second | CPU µs | ratio | spread |', '|---|---|---|---|---|'];
  return [`### ${title}`, '', ...head, ...rows.map((row) => `| ${row} |`)].join('\n');
}

/** The same with requests a second beside those of the first: threads share out what it costs. */
export function throughputTable(title: string, measured: Measured[]): string {
  const first = measured[0]?.perSecond ?? Number.NaN;
  const rows = measured.map(({ name, perSecond, cpu, ratio }) =>
    [name, Math.round(perSecond), (perSecond / first).toFixed(2), cpu.toFixed(1), ratio.toFixed(2)].join(
      ' | ',
    ),
  );
  const head = ['| server | per second | of the first | CPU µs | ratio |', '|---|---|---|---|---|'];
  return [`### ${title}`, '', ...head, ...rows.map((row) => `| ${row} |`)].join('\n');
}
