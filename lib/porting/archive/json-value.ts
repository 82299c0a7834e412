/** Parts of JSON that somebody else has written: each is taken if it has the type that it should have. */

export type Json = Readonly<Record<string, unknown>>;

/** An object; an empty one in place of anything else. */
export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Milliseconds of HAR, where -1 is: not known, or none. */
export function durationOf(value: unknown): number {
  return Math.max(0, numberOf(value) ?? 0);
}

/** Objects of `name` and `value`. */
export function pairsOf(value: unknown): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const entry of listOf(value)) {
    const { name, value } = objectOf(entry);
    if (typeof name === 'string') pairs.push([name, textOf(value) ?? '']);
  }
  return pairs;
}
