/** Where it is counted what a client has not taken: against a plain sum, whatever happens in which order. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Budget, Outflow } from '../../../lib/server/threads/io/outflow.js';
import { BLOCK_BYTES, Blocks, NONE } from '../../../lib/server/threads/shared/blocks.js';
import { ALLOWANCE, costOf, ThreadLine } from '../../../lib/server/threads/shared/thread-line.js';

const TOTAL = 4 * BLOCK_BYTES;
const THREAD = 7;

interface Piece {
  readonly bytes: number;
  readonly block: number;
}

/** A thread, a client, and what is between them. */
class Model {
  readonly line = new ThreadLine();
  readonly blocks = new Blocks(TOTAL);
  readonly budget = new Budget(TOTAL);
  readonly outflow = new Outflow(this.line, this.blocks, this.budget);
  readonly pieces: Piece[] = [];

  send(bytes: number, last: boolean): void {
    const block = bytes > 16_000 ? this.blocks.fill(THREAD, Buffer.alloc(bytes, 1)) : NONE;
    this.line.charge(costOf(bytes));
    if (block !== NONE) this.blocks.claim(block);
    this.outflow.hold(block);
    this.outflow.add(bytes, last);
    this.pieces.push({ bytes, block });
  }

  take(): void {
    const piece = this.pieces.shift();
    if (piece === undefined) return;
    this.outflow.free(piece.block);
    this.outflow.taken(piece.bytes);
  }

  get untaken(): number {
    return this.pieces.reduce((sum, { bytes }) => sum + costOf(bytes), 0);
  }
}

describe('what a client has not taken', () => {
  const step = fc.oneof(
    fc.record({ bytes: fc.integer({ min: 1, max: BLOCK_BYTES }), last: fc.boolean() }),
    fc.constant('take' as const),
  );

  it('is counted with the thread or with the budget, and no longer once the connection has finished with it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, leaves) => {
        const model = new Model();
        for (const step of steps) {
          if (step === 'take') model.take();
          else model.send(step.bytes, step.last);
          expect(model.line.unsettled).to.be.within(0, model.untaken);
          expect(model.blocks.used).to.be.at.most(model.pieces.length);
        }
        if (leaves) model.outflow.threadDone();
        model.outflow.close();
        model.outflow.close();
        while (model.pieces.length > 0) model.take();
        expect(model.line.unsettled, 'of the thread').to.equal(0);
        expect(model.blocks.used, 'blocks').to.equal(0);
        expect(model.budget.take(TOTAL), 'the whole budget').to.equal(true);
      }),
    );
  });

  it('leaves the thread free when its handler is done, if the budget has room', () => {
    const model = new Model();
    model.send(200_000, false);
    model.send(100, false);
    expect(model.line.unsettled).to.equal(costOf(200_000) + costOf(100));
    model.outflow.threadDone();
    expect(model.line.unsettled).to.equal(0);
  });

  it('stays with the thread while the budget has none, until it has, or the client has taken it', () => {
    const model = new Model();
    model.budget.take(TOTAL);
    model.send(200_000, true);
    model.send(ALLOWANCE, false);
    model.outflow.threadDone();
    expect(model.line.unsettled).to.equal(model.untaken);
    model.take();
    expect(model.line.unsettled).to.equal(model.untaken);
    model.budget.give(TOTAL);
    expect(model.line.unsettled).to.equal(0);
  });

  it('is no more than a part of the budget for one response', () => {
    const model = new Model();
    for (let i = 0; i < 20; i++) model.send(BLOCK_BYTES / 2, true);
    expect(model.line.unsettled).to.be.within(model.untaken - TOTAL / 4, model.untaken - 1);
    expect(model.budget.take((TOTAL * 3) / 4)).to.equal(true);
  });

  it('leaves a thread free whose rest is as small as a small response, whatever waits elsewhere', () => {
    const model = new Model();
    model.budget.take(TOTAL);
    model.send(1000, false);
    model.outflow.threadDone();
    expect(model.line.unsettled).to.equal(0);
  });
});

describe('the blocks', () => {
  it('of a thread that died come back, but those that were sent', () => {
    const blocks = new Blocks(TOTAL);
    const [first, second, other] = [THREAD, THREAD, 8].map((thread) => blocks.fill(thread, Buffer.from('b')));
    blocks.claim(first as number);
    blocks.release(THREAD);
    expect(blocks.used).to.equal(2);
    expect(blocks.fill(9, Buffer.from('b'))).to.equal(second);
    expect(other).to.equal(2);
  });

  it('are none where the buffer is smaller than one of them', () => {
    expect(new Blocks(BLOCK_BYTES - 1).fill(THREAD, Buffer.from('b'))).to.equal(NONE);
    expect(new Blocks(0).used).to.equal(0);
  });

  it('are filled whole, and from the first free one on', () => {
    const blocks = new Blocks(TOTAL);
    const bytes = Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, i) => i % 251));
    for (const place of [0, 1, 2, 3]) {
      expect(blocks.fill(THREAD, bytes)).to.equal(place);
      expect(blocks.view(place, bytes.length).equals(bytes)).to.equal(true);
    }
    expect(blocks.fill(THREAD, bytes)).to.equal(NONE);
    blocks.free(2);
    expect(blocks.fill(THREAD, bytes)).to.equal(2);
  });

  it('of more bytes than one holds follow each other, and come back together', () => {
    const blocks = new Blocks(TOTAL);
    const bytes = Buffer.from(Array.from({ length: 2 * BLOCK_BYTES + 1 }, (_, i) => i % 251));
    const single = blocks.fill(THREAD, Buffer.from('b'));
    expect(blocks.fill(THREAD, bytes)).to.equal(1);
    expect(blocks.view(1, bytes.length).equals(bytes)).to.equal(true);
    blocks.claim(single);
    blocks.free(single);
    // One is free: too few, and none is lost by the try.
    expect(blocks.fill(8, bytes)).to.equal(NONE);
    expect(blocks.used).to.equal(3);
    blocks.claim(1);
    blocks.release(THREAD);
    expect(blocks.used).to.equal(3);
    blocks.free(1);
    expect(blocks.used).to.equal(0);
    expect(blocks.fill(8, bytes)).to.equal(0);
    blocks.release(8);
    expect(blocks.used).to.equal(0);
  });
});
