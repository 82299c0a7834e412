import { expect } from 'chai';
import { Fifo } from '../../lib/environ/fifo.js';

describe('Fifo', () => {
  it('gives what was put in, in its order, whatever comes between', () => {
    const fifo = new Fifo<number>();
    const model: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      // It grows, and then shrinks.
      if (i % 10 < (i < 10_000 ? 7 : 3)) {
        fifo.push(i);
        model.push(i);
      } else expect(fifo.shift()).to.equal(model.shift());
      expect(fifo.length).to.equal(model.length);
      if (i % 1000 === 0) expect([...fifo]).to.deep.equal(model);
    }
    expect(fifo.length).to.equal(0);
    expect(fifo.shift()).to.equal(undefined);
  });

  it('forgets all at once', () => {
    const fifo = new Fifo<string>();
    fifo.push('a');
    fifo.push('b');
    expect(fifo.shift()).to.equal('a');
    fifo.clear();
    expect([...fifo]).to.deep.equal([]);
    fifo.push('c');
    expect(fifo.shift()).to.equal('c');
  });

  it('takes no longer for each where many wait', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 300_000; i++) fifo.push(i);
    const before = performance.now();
    for (let i = 0; i < 300_000; i++) fifo.shift();
    expect(performance.now() - before).to.be.below(1000);
  });
});
