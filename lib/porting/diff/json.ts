/** JSON by its structure: order of names aside, numbers by value, places as JSON pointers (RFC 6901). */
import { align } from './align.js';
import type { Kind } from './difference.js';
import type { Findings } from './findings.js';
import type { Ignore } from './ignore.js';
import { type JsonValue, numberKey } from './json-value.js';

/** One document of each side. */
export class JsonComparison {
  readonly #kind: Kind;
  readonly #prefix: string;
  readonly #sources: readonly [string, string];
  readonly #ignore: Ignore;
  readonly #findings: Findings;

  /** @param prefix in front of the pointer: of a message, for example. */
  constructor(
    kind: Kind,
    prefix: string,
    sources: readonly [original: string, candidate: string],
    ignore: Ignore,
    findings: Findings,
  ) {
    this.#kind = kind;
    this.#prefix = prefix;
    this.#sources = sources;
    this.#ignore = ignore;
    this.#findings = findings;
  }

  compare(a: JsonValue, b: JsonValue, steps: readonly string[] = []): void {
    if (this.#ignore.pointer(steps)) return;
    if (a.type === 'object' && b.type === 'object') {
      for (const name of new Set([...a.members.keys(), ...b.members.keys()])) {
        this.#member(a.members.get(name) ?? [], b.members.get(name) ?? [], [...steps, name]);
      }
    } else if (a.type === 'array' && b.type === 'array') {
      this.#items(a.items, b.items, steps);
    } else if (!this.#same(a, b)) {
      this.#add(steps, a, b);
    }
  }

  /** Place by place. If one has more, those that are the same belong together, so that one that is missing is one difference. */
  #items(a: readonly JsonValue[], b: readonly JsonValue[], steps: readonly string[]): void {
    const whole = { original: [0, a.length], candidate: [0, b.length] } as const;
    const keys = (items: readonly JsonValue[]) => items.map((item) => this.#keyOf(item, [...steps, '*']));
    for (const { original, candidate } of a.length === b.length ? [whole] : align(keys(a), keys(b))) {
      const length = Math.max(original[1] - original[0], candidate[1] - candidate[0]);
      for (let at = 0; at < length; at++) {
        const [x, y] = [original[0] + at, candidate[0] + at];
        const [ours, theirs] = [x < original[1] ? a[x] : undefined, y < candidate[1] ? b[y] : undefined];
        this.#pair(ours, theirs, [...steps, String(ours === undefined ? y : x)]);
      }
    }
  }

  /** The same for values that do not differ. */
  #keyOf(value: JsonValue, steps: readonly string[]): string {
    if (this.#ignore.pointer(steps)) return '';
    if (value.type === 'array') {
      return `[${value.items.map((item) => this.#keyOf(item, [...steps, '*'])).join()}]`;
    }
    if (value.type !== 'object')
      return `${value.type} ${JSON.stringify(this.#ignore.mask(keyOf(value) ?? ''))}`;
    const members = [...value.members].map(([name, values]) => {
      const inner = [...steps, name];
      return `${JSON.stringify(name)}:${values.map((one) => this.#keyOf(one, inner)).join()}`;
    });
    return `{${members.sort().join()}}`;
  }

  /** A name that comes twice is compared value by value, in order: readers differ in which one they take. */
  #member(a: readonly JsonValue[], b: readonly JsonValue[], steps: readonly string[]): void {
    const length = Math.max(a.length, b.length);
    for (let at = 0; at < length; at++) this.#pair(a[at], b[at], steps);
  }

  #pair(a: JsonValue | undefined, b: JsonValue | undefined, steps: readonly string[]): void {
    if (a !== undefined && b !== undefined) this.compare(a, b, steps);
    else if (!this.#ignore.pointer(steps)) this.#add(steps, a, b);
  }

  #same(a: JsonValue, b: JsonValue): boolean {
    const [one, other] = [keyOf(a), keyOf(b)];
    if (one === undefined || other === undefined) return false;
    if (a.type === b.type && one === other) return true;
    // As text, so that an expression can say that a string and a number are alike.
    if (!this.#ignore.masks || !('text' in a) || !('text' in b)) return false;
    return a.type === b.type && this.#ignore.mask(a.text) === this.#ignore.mask(b.text);
  }

  #add(steps: readonly string[], a: JsonValue | undefined, b: JsonValue | undefined): void {
    const [ours, theirs] = this.#sources;
    const show = (value: JsonValue | undefined, source: string) =>
      value === undefined ? undefined : source.slice(value.start, value.end);
    this.#findings.add(this.#kind, this.#prefix + pointerOf(steps), show(a, ours), show(b, theirs));
  }
}

function keyOf(value: JsonValue): string | undefined {
  if (value.type === 'number') return numberKey(value.text);
  return 'text' in value ? value.text : undefined;
}

function pointerOf(steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
