/** Runs recorded cases, and says in which of them the result is not that of CPython. */
import { type Case, decode, titleOf } from './vectors.js';

export type Outcome = Pick<Case, 'out' | 'err'>;

/** JavaScript has another name for them, or the library has one class for both. */
const ERRORS: Readonly<Record<string, string>> = { AttributeError: 'TypeError', OverflowError: 'ValueError' };

/** Messages that are CPython's word for word; others name what is inside CPython (`'NoneType'`, `time_t`). */
const SAME =
  /^(?:Illegal key|Attempt to|Invalid attribute|Invalid date|usegmt|day is|hour must|second must|year (?:0|\d{5}) is)/;

export function outcomeOf(run: () => unknown): Outcome {
  try {
    return { out: run() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { err: { type: error.name, msg: error.message } };
  }
}

/** The case's arguments, those with a name as a last object. */
export function argumentsOf({ args = [], kw }: Case): unknown[] {
  return [...args.map(decode), ...(kw === undefined ? [] : [decode(kw)])];
}

/** For comparing: errors by their type and, where it is CPython's, their message; what is undefined is None. */
export function comparable({ out, err }: Outcome): string {
  if (err === undefined) return JSON.stringify({ out: plain(decode(out)) ?? null });
  const type = ERRORS[err.type] ?? err.type;
  return JSON.stringify({ type, ...(type === 'KeyError' || SAME.test(err.msg) ? { msg: err.msg } : {}) });
}

/** Results of steps are compared as outcomes are. */
function plain(value: unknown): unknown {
  if (!Array.isArray(value)) return isFailed(value) ? comparable(value) : value;
  return value.map(plain);
}

function isFailed(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'err' in value;
}

/** What each of the cases that differ gives, with its title. */
export function differences(cases: readonly Case[], run: (one: Case) => unknown): string[] {
  return cases.flatMap((one) => {
    const found = comparable(outcomeOf(() => run(one)));
    const wanted = comparable(one);
    return found === wanted ? [] : [`${titleOf(one)}: ${found}, in Python ${wanted}`];
  });
}
