/** A bar that shows how far a comparison is, on a terminal and nowhere else. */

/** What of a stream is used: `process.stderr`, for standard output is for the report. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

type Variables = Readonly<Record<string, string | undefined>>;

const MILLISECONDS_BETWEEN = 100;
const WIDEST_BAR = 40;

/** Colours are for a terminal that knows them, unless the reader wants none (https://no-color.org). */
export function wantsColour({ isTTY }: Terminal, variables: Variables = process.env): boolean {
  const { NO_COLOR = '', TERM } = variables;
  return isTTY === true && NO_COLOR === '' && TERM !== 'dumb';
}

export class Progress {
  readonly #stream: Terminal;
  readonly #shown: boolean;
  readonly #colour: boolean;
  #last = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(stream: Terminal = process.stderr, variables: Variables = process.env) {
    this.#stream = stream;
    this.#shown = stream.isTTY === true && variables['TERM'] !== 'dumb';
    this.#colour = wantsColour(stream, variables);
  }

  /** @param all undefined while nobody knows. @param label what is being done: 'original', 'candidate'. */
  update(done: number, all: number | undefined, label = ''): void {
    if (!this.#shown) return;
    const now = performance.now();
    if (now - this.#last < MILLISECONDS_BETWEEN && done !== all) return;
    this.#last = now;
    this.#drawn = true;
    this.#stream.write(`\r${this.#line(done, all, label)}\x1b[K`);
  }

  /** Takes the bar away, so that what is written next has a line of its own. */
  end(): void {
    if (this.#drawn) this.#stream.write('\r\x1b[K');
    this.#drawn = false;
  }

  #line(done: number, all: number | undefined, label: string): string {
    const count = `${all === undefined ? done : `${done}/${all}`} ${label}`.trimEnd();
    const columns = this.#stream.columns ?? 80;
    const width = Math.min(WIDEST_BAR, columns - count.length - 4);
    if (all === undefined || all <= 0 || width < 5) return count.slice(0, Math.max(columns - 1, 0));
    const full = Math.min(width, Math.floor((width * done) / all));
    const bar = `${'#'.repeat(full)}${'.'.repeat(width - full)}`;
    return `[${this.#colour ? `\x1b[32m${bar}\x1b[0m` : bar}] ${count}`;
  }
}
