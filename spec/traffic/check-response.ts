/** Whether a response is the one to its request, to the last byte. */
import { contentOf, digest } from './content.js';
import { answerId, READ_ALL, someOf } from './order.js';
import type { RequestPlan } from './plan.js';
import type { Response } from './response-reader.js';

/** What is wrong with it; undefined: nothing. */
export function problemOf({ method, order }: RequestPlan, response: Response): string | undefined {
  const { id, sent, kind, size, answering } = order;
  const { status, headers, body, complete } = response;
  if (status !== 200) return `the answer is ${status}: ${body.toString('latin1', 0, 200)}`;
  if (headers.get('x-id') !== id) return `the answer is to ${headers.get('x-id')}`;
  const echoes = answering === 'echo';
  const read = headers.get('x-read');
  if (!echoes && read !== expectedRead(order)) return `the handler read ${read}, not ${expectedRead(order)}`;
  if (method === 'HEAD') return headBody(size, response);
  const expected = echoes ? contentOf(id, sent, kind) : contentOf(answerId(id), size, kind);
  const different = firstDifference(body, expected);
  if (different !== undefined)
    return `byte ${different} of the answer is wrong (${body.length} of ${expected.length} came)`;
  return complete
    ? lengthProblem(body, expected)
    : `the answer ends after ${body.length} of ${expected.length} bytes`;
}

function headBody(size: number, { headers }: Response): string | undefined {
  const length = headers.get('content-length');
  return length === undefined || Number(length) === size
    ? undefined
    : `Content-Length is ${length}, not ${size}`;
}

function expectedRead({ id, sent, kind, sum, reading, readSize }: RequestPlan['order']): string {
  if (READ_ALL.has(reading)) return `${sent} ${sum} whole`;
  const body = contentOf(id, sent, kind);
  const part = reading === 'some' ? someOf(body, readSize) : body.subarray(0, 0);
  return `${part.length} ${digest(part)} ${part.length === sent ? 'whole' : 'part'}`;
}

/** Among the bytes that both have. */
function firstDifference(got: Buffer, expected: Buffer): number | undefined {
  const length = Math.min(got.length, expected.length);
  if (got.subarray(0, length).equals(expected.subarray(0, length))) return undefined;
  for (let i = 0; i < length; i++) if (got[i] !== expected[i]) return i;
  return undefined;
}

function lengthProblem(got: Buffer, expected: Buffer): string | undefined {
  if (got.length === expected.length) return undefined;
  return `the answer has ${got.length} bytes, not ${expected.length}`;
}
