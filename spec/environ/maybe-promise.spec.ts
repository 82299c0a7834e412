/** lib/environ/maybe-promise.ts */
import { expect } from 'chai';
import {
  andThen,
  asPromise,
  isPromise,
  now,
  runSteps,
  type Steps,
  step,
} from '../../lib/environ/maybe-promise.js';

describe('isPromise', () => {
  it('knows promises and whatever has then()', () => {
    const thenable = Object.fromEntries([['then', () => {}]]);
    expect([Promise.resolve(), thenable].map(isPromise)).to.deep.equal([true, true]);
    const others = [null, undefined, 0, 'x', {}, Object.create(null), () => {}];
    expect(others.map(isPromise)).to.deep.equal(others.map(() => false));
  });
});

describe('andThen', () => {
  it('goes on at once, or after the promise', async () => {
    expect(andThen('x', (value) => `${value}!`)).to.equal('x!');
    expect(await andThen(Promise.resolve('x'), (value) => `${value}!`)).to.equal('x!');
  });

  it('does not go on after a rejection', async () => {
    let went = false;
    const failed = andThen(Promise.reject(new Error('x')), () => {
      went = true;
    });
    expect(await Promise.resolve(failed).catch((error: Error) => error.message)).to.equal('x');
    expect(went).to.equal(false);
  });
});

describe('asPromise', () => {
  it('leaves a promise as it is, and tames what only has then()', async () => {
    const promise = Promise.resolve(1);
    expect(asPromise(promise)).to.equal(promise);
    const then = (done: (value: number) => void) => {
      done(1);
      done(2);
    };
    const thenable = Object.fromEntries([['then', then]]);
    expect(await asPromise(thenable as PromiseLike<number> & typeof thenable)).to.equal(1);
  });
});

describe('runSteps', () => {
  function* sum(values: (number | Promise<number>)[]): Steps<number> {
    let total = 0;
    for (const value of values) {
      try {
        total += yield* step(value);
      } catch {
        total += 1000;
      }
    }
    return total;
  }

  it('runs to the end at once where nothing is a promise', () => {
    expect(runSteps(sum([1, 2, 3]))).to.equal(6);
  });

  it('waits for promises, and for nothing else', async () => {
    expect(await runSteps(sum([1, Promise.resolve(2), 3, Promise.resolve(4)]))).to.equal(10);
  });

  it('throws a rejection where it was waited for', async () => {
    expect(await runSteps(sum([Promise.reject(new Error('x')), 1, Promise.reject(new Error('y'))]))).to.equal(
      2001,
    );
  });

  it('throws, or rejects with, what the steps throw', async () => {
    function* failing(first: unknown): Steps<void> {
      yield* step(first);
      throw new Error('failed');
    }
    expect(() => runSteps(failing(1))).to.throw('failed');
    const failed = runSteps(failing(Promise.resolve()));
    expect(await Promise.resolve(failed).catch((error: Error) => error.message)).to.equal('failed');
  });
});

describe('now', () => {
  it('gives what is here, and refuses a promise', () => {
    expect(now(1)).to.equal(1);
    expect(() => now(Promise.resolve(1))).to.throw(TypeError);
  });
});
