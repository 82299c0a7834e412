/** What differs between the copies of two answers, which may have been kept up to a limit only. */
import type { Difference, Observed } from '../diff/difference.js';
import { findDifferences } from '../diff/find-differences.js';
import type { Ignore } from '../diff/ignore.js';
import type { AnswerCopy } from './captured-answer.js';
import { storedBody } from './copied-request.js';

const NOTHING = new Uint8Array();

/** What is known of the request. */
export interface Asked {
  readonly method: string;
  /** With the host that the client named. */
  readonly url: string;
}

/** Its body is not sent, so the gateway does not ask for all of it. */
export function isBodiless({ status }: AnswerCopy, method: string): boolean {
  return method === 'HEAD' || /^(?:204|205|304)\b/.test(status);
}

/** As `compare` observes a server. A body that went beyond the limit is `cut`. */
export function observedOf(copy: AnswerCopy, { method, url }: Asked): Observed {
  if (copy.failure !== undefined) return { failure: copy.failure, url };
  const [, status = '0', reason = ''] = /^(\d*) ?(.*)$/s.exec(copy.status) ?? [];
  const body = isBodiless(copy, method)
    ? storedBody(NOTHING, false)
    : storedBody(copy.bytes, copy.cut || copy.over);
  const answer = { status: Number(status), reason, version: '1.1', fields: copy.headers, trailers: [], body };
  return { answer, url };
}

/** Beyond the limit nothing is known: two answers that are alike up to there count as alike. */
export async function compareCopies(
  original: AnswerCopy,
  candidate: AnswerCopy,
  asked: Asked,
  ignore: Ignore,
): Promise<Difference[]> {
  const options = { wire: false, ignore };
  if (!original.over && !candidate.over) {
    return findDifferences(observedOf(original, asked), observedOf(candidate, asked), options);
  }
  const heads = [original, candidate].map((copy) =>
    observedOf({ ...copy, bytes: NOTHING, over: false, cut: false }, asked),
  ) as [Observed, Observed];
  const differences = await findDifferences(...heads, options);
  const sides = [observedOf(original, asked), observedOf(candidate, asked)];
  if (sides.some(({ answer }) => answer === undefined || (answer.body.size === 0 && !answer.body.cut))) {
    return differences;
  }
  const body = bodyDifference(original, candidate);
  return body === undefined ? differences : [...differences, body];
}

function bodyDifference(original: AnswerCopy, candidate: AnswerCopy): Difference | undefined {
  const at = firstDifference(original.bytes, candidate.bytes);
  if (original.over && candidate.over) {
    if (at === -1) return undefined;
    return { kind: 'body', where: '', original: around(original, at), candidate: around(candidate, at) };
  }
  const size = ({ bytes, over }: AnswerCopy) =>
    over ? `more than ${bytes.length} bytes` : `${bytes.length} bytes`;
  return { kind: 'body', where: '', original: size(original), candidate: size(candidate) };
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (Buffer.compare(a, b) === 0) return -1;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}

function around({ bytes }: AnswerCopy, at: number): string {
  const from = Math.max(0, at - 20);
  return `at byte ${at}: ${JSON.stringify(Buffer.from(bytes.subarray(from, at + 40)).toString('latin1'))}`;
}
