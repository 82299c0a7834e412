/** lib/environ/maybe-promise.ts */
import { expect } from 'chai';
import { andThen, asPromise, isPromise } from '../../lib/environ/maybe-promise.js';

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
