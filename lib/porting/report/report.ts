/** Collects what became of each exchange, and gives it as text, JSON, JUnit XML or a page of HTML. */
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { ConfigError } from '../../errors.js';
import type { Difference, Observed } from '../diff/difference.js';
import { answerTexts } from './answer-text.js';
import { curlLine } from './curl.js';
import { Groups } from './groups.js';
import { htmlOf } from './html-report.js';
import { junitOf } from './junit.js';
import type { AnswerText, Counts, Example, ExchangeRow, ReportData, RouteCounts } from './report-data.js';
import type { ReportOptions, Result } from './result.js';
import { routeOf } from './routes.js';
import { hiding, targetWithoutSecrets } from './secrets.js';
import { type TextOptions, textOf } from './text-report.js';

const MOST_ROWS = 20_000;
const MOST_ROUTES = 1000;
const OTHER = '(other routes)';
/** Of one exchange in the list of all of them. */
const MOST_PLACES = 20;

type Tally = { -readonly [Name in keyof Counts]: Counts[Name] };

export class Report {
  readonly #options: ReportOptions;
  readonly #hide: (text: string) => string;
  readonly #differences = new Groups();
  readonly #drift = new Groups();
  readonly #noise = new Groups();
  readonly #routes = new Map<string, Tally>();
  readonly #totals = emptyTally();
  readonly #rows: ExchangeRow[] = [];

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#hide = hiding(options.secrets ?? []);
  }

  /**
   * Takes one result. What is shown of its bodies has been read when the promise settles; after that they are not needed.
   * Bodies of equal exchanges are not read.
   */
  async add(result: Result): Promise<void> {
    const { number, exchange, verdict, note } = result;
    const [differences, drift, noise] = [result.differences, result.drift, result.noise].map((list) =>
      list.map((one) => this.#hidden(one)),
    ) as [Difference[], Difference[], Difference[]];
    const { method, target } = exchange.request;
    const known = routeOf(method, this.#targetOf(target));
    const route = this.#routes.has(known) || this.#routes.size < MOST_ROUTES ? known : OTHER;
    const tally = this.#routes.get(route) ?? emptyTally();
    this.#routes.set(route, tally);
    for (const counts of [this.#totals, tally]) {
      counts.exchanges++;
      counts[verdict]++;
      if (noise.length > 0) counts.noise++;
    }
    if (this.#rows.length < MOST_ROWS) {
      const shown = this.#targetOf(target).slice(0, 300);
      const lists = { differences: placesOf(differences), drift: placesOf(drift), noise: placesOf(noise) };
      this.#rows.push({ number, method, target: shown, route, verdict, ...lists, note: note ?? null });
    }
    const { original, candidate } = result;
    const recorded: Observed = { answer: exchange.answer, conversation: exchange.conversation };
    await this.#differences.add(differences, number, route, () =>
      this.#exampleOf(result, original, candidate),
    );
    await this.#drift.add(drift, number, route, () => this.#exampleOf(result, recorded, original));
    await this.#noise.add(noise, number, route, undefined);
  }

  async #exampleOf(
    { number, exchange, sent }: Result,
    left: Observed | undefined,
    right: Observed | undefined,
  ): Promise<Example> {
    const { method, target } = exchange.request;
    const server = [this.#options.candidate, this.#options.original].find((one) => /^https?:\/\//i.test(one));
    const [original, candidate] = await answerTexts(left, right);
    const curl = await curlLine(sent.candidate, server).catch(
      (error: Error) => `# the request cannot be shown: ${error.message}`,
    );
    const hide = ({ head, body }: AnswerText) => ({ head: this.#hide(head), body: this.#hide(body) });
    return {
      number,
      method,
      target: this.#targetOf(target),
      curl: this.#hide(curl),
      original: hide(original),
      candidate: hide(candidate),
    };
  }

  #targetOf(target: string): string {
    return this.#hide(targetWithoutSecrets(target));
  }

  #hidden({ kind, where, original, candidate }: Difference): Difference {
    const hide = (value: string | undefined) => (value === undefined ? undefined : this.#hide(value));
    return { kind, where, original: hide(original), candidate: hide(candidate) };
  }

  /** All of it, as plain values. */
  async data(): Promise<ReportData> {
    const { archive, original, candidate, notes = [] } = this.#options;
    const left = this.#differences.left + this.#drift.left;
    const routes = [...this.#routes].map(([route, counts]): RouteCounts => ({ route, ...counts }));
    return {
      version: 1,
      archive,
      original,
      candidate,
      notes: left === 0 ? notes : [...notes, `${left} more differences are counted, and not listed`],
      totals: { ...this.#totals },
      routes: routes.sort(worstFirst),
      differences: await this.#differences.list(),
      drift: await this.#drift.list(),
      noise: await this.#noise.list(),
      exchanges: this.#rows,
    };
  }

  /** For a terminal; the last line has the counts. */
  async text(options?: TextOptions): Promise<string> {
    return textOf(await this.data(), options);
  }

  /** See `ReportData`. */
  async json(): Promise<string> {
    return `${JSON.stringify(await this.data(), null, 2)}\n`;
  }

  async junit(): Promise<string> {
    return junitOf(await this.data());
  }

  /** One page without other files. */
  async html(): Promise<string> {
    return htmlOf(await this.data());
  }

  /** Writes it in the form that the name of the file says: `.json`, `.xml` or `.html`. @throws ConfigError */
  async write(path: string): Promise<void> {
    const form = reportForm(path);
    const text = await this[form]();
    await writeFile(path, text).catch((error: Error) => {
      throw new ConfigError(`--report: ${path} cannot be written: ${error.message}`, { cause: error });
    });
  }
}

/** By the end of its name. @throws ConfigError for any other; ask before the comparison begins. */
export function reportForm(path: string): 'json' | 'junit' | 'html' {
  switch (extname(path).toLowerCase()) {
    case '.json':
      return 'json';
    case '.xml':
      return 'junit';
    case '.html':
    case '.htm':
      return 'html';
    default:
      throw new ConfigError(`--report ${path}: the name has to end in .json, .xml (JUnit) or .html`);
  }
}

function emptyTally(): Tally {
  return { exchanges: 0, equal: 0, different: 0, noise: 0, drift: 0, skipped: 0 };
}

function placesOf(differences: Result['differences']): string[] {
  return [...new Set(differences.slice(0, MOST_PLACES).map(({ kind, where }) => `${kind} ${where}`.trim()))];
}

function worstFirst(a: RouteCounts, b: RouteCounts): number {
  return b.different - a.different || b.drift - a.drift || (a.route < b.route ? -1 : 1);
}
