/** What a comparison says: on the terminal, and in the files of --report. */
import type { Result } from '../report/result.js';
import type { CompareValues } from './options.js';

export class Reports {
  constructor(_archive: string, _values: CompareValues) {}

  progress(_done: number, _all: number): void {}

  add(result: Result): void {
    for (const [what, list] of [
      ['!', result.differences],
      ['drift', result.drift],
      ['noise', result.noise],
    ] as const) {
      for (const d of list)
        console.log(
          result.number,
          result.sent.candidate.method,
          result.sent.candidate.target,
          what,
          d.kind,
          d.where,
          JSON.stringify(d.original),
          JSON.stringify(d.candidate),
        );
    }
    console.log(result.number, result.verdict, result.note ?? '');
  }

  async write(): Promise<void> {}

  end(): void {}
}
