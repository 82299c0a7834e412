/** Answers and exchanges made in memory, for specs of what compares and reports them. */
import type { Difference, Observed } from '../../lib/porting/diff/difference.js';
import { findDifferences } from '../../lib/porting/diff/find-differences.js';
import { Ignore } from '../../lib/porting/diff/ignore.js';
import type { Answer, Fields, RecordedRequest, StoredBody } from '../../lib/porting/exchange.js';

/** @param blockSize how the body comes: in blocks of so many bytes. */
export function bodyOf(content: string | Uint8Array, cut = false, blockSize = 1000): StoredBody {
  const bytes = Buffer.from(content as Uint8Array);
  return {
    size: bytes.length,
    cut,
    async *read() {
      for (let at = 0; at < bytes.length; at += blockSize) yield bytes.subarray(at, at + blockSize);
    },
  };
}

export interface AnswerParts extends Partial<Omit<Answer, 'body'>> {
  readonly body?: string | Uint8Array | undefined;
  readonly type?: string | undefined;
  readonly cut?: boolean | undefined;
}

export function answerOf({ body = '', type, cut = false, fields = [], ...rest }: AnswerParts = {}): Answer {
  const typed: Fields = type === undefined ? fields : [['Content-Type', type], ...fields];
  return {
    status: 200,
    reason: 'OK',
    version: '1.1',
    trailers: [],
    ...rest,
    fields: typed,
    body: bodyOf(body, cut),
  };
}

export function requestOf(
  parts: Partial<Omit<RecordedRequest, 'body'>> & { body?: string | Uint8Array } = {},
): RecordedRequest {
  const { body = '', ...rest } = parts;
  return { method: 'GET', target: '/', fields: [['Host', 'example.org']], ...rest, body: bodyOf(body) };
}

/** Each difference as `kind where: original | candidate`, `-` for what is not there. */
export async function differ(
  original: Observed | AnswerParts,
  candidate: Observed | AnswerParts,
  options: { readonly wire?: boolean; readonly ignore?: readonly string[] } = {},
): Promise<string[]> {
  const found = await findDifferences(observedOf(original), observedOf(candidate), {
    wire: options.wire ?? false,
    ignore: Ignore.parse(options.ignore ?? []),
  });
  return found.map(line);
}

export function line({ kind, where, original = '-', candidate = '-' }: Difference): string {
  return `${kind} ${where}: ${original} | ${candidate}`.replace(' :', ':');
}

function observedOf(given: Observed | AnswerParts): Observed {
  const isObserved = ['answer', 'failure', 'conversation'].some((key) => key in given);
  return isObserved ? (given as Observed) : { answer: answerOf(given as AnswerParts) };
}
