/**
 * The candidates of this thread, in the order in which `mirror()` was called with them. A thread that runs a candidate
 * apart from its original loads the script again, as threads for handlers do, and finds it here by its number.
 */
import type { AnyEnviron, ApplicationOn } from '../../environ/types.js';

type Candidate = ApplicationOn<AnyEnviron>;

const candidates: (Candidate | undefined)[] = [];
const waiting = new Map<number, (candidate: Candidate) => void>();

/** @param candidate undefined for one that is named, and takes a number as well. @returns its number. */
export function register(candidate: Candidate | undefined): number {
  const number = candidates.push(candidate) - 1;
  if (candidate !== undefined) waiting.get(number)?.(candidate);
  return number;
}

/** Resolves when `mirror()` was called with it. */
export function registered(number: number): Promise<Candidate> {
  return new Promise((resolve) => {
    const candidate = candidates[number];
    if (candidate !== undefined) resolve(candidate);
    else waiting.set(number, resolve);
  });
}
