/** Runs recorded cases: all of a function in one `it`, whose message names those that came out otherwise. */
import { expect } from 'chai';
import { type Case, titleOf } from './vectors.js';

/** Cases that cannot be expressed in JavaScript, or that are otherwise on purpose. */
export interface Exception {
  readonly why: string;
  readonly is: (one: Case) => boolean;
  /** How many there are, so that none hides another. */
  readonly count: number;
}

/** @param problem says what is wrong with a case, if anything is. */
export function checkAll(
  cases: readonly Case[],
  exceptions: readonly Exception[],
  problem: (one: Case) => string | undefined,
): void {
  const counts = exceptions.map(() => 0);
  const wrong: string[] = [];
  for (const one of cases) {
    const exception = exceptions.findIndex(({ is }) => is(one));
    if (exception !== -1) counts[exception] = (counts[exception] ?? 0) + 1;
    else {
      const found = problem(one);
      if (found !== undefined) wrong.push(`${titleOf(one)}: ${found}`);
    }
  }
  expect(wrong).to.deep.equal([]);
  expect(counts).to.deep.equal(exceptions.map(({ count }) => count));
}

/** What a call gives, in a form that can be compared. */
export function outcomeOf(call: () => unknown): unknown {
  try {
    return plain(call());
  } catch (error) {
    return { err: (error as Error).name };
  }
}

/** What was recorded, in the same form: of an error, its type. @param decode of vectors.ts, or one of one's own. */
export function expectedOf(recorded: unknown, decode: (value: unknown) => unknown): unknown {
  const { err } = (recorded ?? {}) as { err?: { type?: string } };
  return err?.type === undefined ? plain(decode(recorded)) : { err: err.type };
}

/** Says what is not the same. */
export function difference(found: unknown, expected: unknown): string | undefined {
  const [a, b] = [shown(found), shown(expected)];
  return a === b ? undefined : `${a} instead of ${b}`;
}

/** Bytes, numbers that JSON has not, dicts in their order. */
function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('latin1') };
  if (typeof value === 'bigint') return { int: String(value) };
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { float: numberText(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return { dict: [...value].map(([name, one]) => [plain(name), plain(one)]) };
  if (typeof value === 'object')
    return { dict: Object.entries(value).map(([name, one]) => [name, plain(one)]) };
  return value;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}
