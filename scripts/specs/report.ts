/** What became of the specs: a line now and then while they run, and all failures at the end. */
import type { Result } from './messages.js';

/** How many of the longest files are told. */
const LONGEST = 25;

interface Run {
  readonly node: string;
  readonly results: Result[];
}

export class Report {
  readonly #runs: readonly Run[];
  readonly #files: number;
  readonly #began = performance.now();
  #told = 0;

  /** @param nodes their names. @param files how many there are to run. */
  constructor(nodes: readonly string[], files: number) {
    this.#runs = nodes.map((node) => ({ node, results: [] }));
    this.#files = files;
  }

  get failed(): boolean {
    return this.#all().some(({ failures }) => failures.length > 0);
  }

  add(node: number, result: Result): void {
    const run = this.#runs[node] as Run;
    run.results.push(result);
    for (const { title } of result.failures) console.log(`${run.node}: FAILED ${result.file}: ${title}`);
    const tenths = Math.floor((this.#all().length * 10) / this.#files);
    if (tenths <= this.#told) return;
    this.#told = tenths;
    console.log(`${this.#seconds()} s: ${tenths * 10} % of the files`);
  }

  print(times: boolean): void {
    if (times) this.#printTimes();
    for (const { node, results } of this.#runs) {
      const failing = results.filter(({ failures }) => failures.length > 0);
      if (failing.length > 0) console.log(`\n${node}, failures:`);
      for (const { file, failures } of failing)
        for (const { text } of failures) console.log(`\n  ${file}\n${text}`);
    }
    console.log();
    for (const { node, results } of this.#runs) console.log(`${node}: ${countsOf(results)}`);
    console.log(`${this.#seconds()} s`);
    console.log(countsOf(this.#all()));
  }

  #printTimes(): void {
    for (const { node, results } of this.#runs) {
      const all = results.reduce((sum, { used }) => sum + used, 0);
      console.log(
        `\n${node}: ${all.toFixed(0)} s of processor time; the files that took most of it, and of time:`,
      );
      const longest = [...results].sort((a, b) => b.used + b.took - a.used - a.took).slice(0, LONGEST);
      for (const { took, used, file } of longest)
        console.log(`${used.toFixed(1).padStart(8)} ${took.toFixed(1).padStart(8)}  ${file}`);
    }
  }

  #all(): Result[] {
    return this.#runs.flatMap(({ results }) => results);
  }

  #seconds(): number {
    return Math.round((performance.now() - this.#began) / 1000);
  }
}

function countsOf(results: readonly Result[]): string {
  const sum = (count: (result: Result) => number) => results.reduce((total, one) => total + count(one), 0);
  const skipped = sum((result) => result.skipped);
  const counts = `${sum((result) => result.passed)} passed, ${sum(({ failures }) => failures.length)} failed`;
  return skipped === 0 ? counts : `${counts}, ${skipped} skipped`;
}
