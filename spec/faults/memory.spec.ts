/** A server that has served much holds no more than one that has served little. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { NODE_OPTIONS, scriptOf } from '../support/source.js';

const CHILD = scriptOf('memory-child.ts', import.meta.url);

/** Bytes that each may hold on to: far below what any object of it takes, with room for what V8 learns. */
const PER_REQUEST = 100;
const PER_WEBSOCKET = 1000;
/** A body of 60,000 bytes, and what some hundred pieces take that are not joined yet. */
const PER_BODY = 1_000_000;

async function heapAfter(what: string): Promise<number[]> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', ...NODE_OPTIONS, CHILD, what],
    { timeout: 110_000 },
  );
  expect(stderr).not.to.match(/Warning/);
  return JSON.parse(stdout) as number[];
}

/** What came on top in the second half. */
function growth(heap: readonly number[]): number {
  const half = heap.length / 2;
  return (heap.at(-1) as number) - (heap[half - 1] as number);
}

describe('memory', function () {
  this.timeout(120_000);

  it('stays flat over 20,000 requests on connections that are kept', async () => {
    const heap = await heapAfter('requests');
    expect(growth(heap) / 10_000, String(heap)).to.be.below(PER_REQUEST);
  });

  it('stays flat over 2,000 WebSockets that open and close', async () => {
    const heap = await heapAfter('websockets');
    expect(growth(heap) / 1000, String(heap)).to.be.below(PER_WEBSOCKET);
  });

  it('is little more than the bytes of a body that comes in chunks of one byte', async () => {
    const heap = await heapAfter('chunks');
    expect(growth(heap) / 8, String(heap)).to.be.below(PER_BODY);
  });
});
