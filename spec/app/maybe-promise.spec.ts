import { expect } from 'chai';
import { andThen, isPromise } from '../../lib/app/maybe-promise.js';

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
    expect(andThen('x', () => 1)).to.equal(1);
    expect(await andThen(Promise.resolve('x'), () => 1)).to.equal(1);
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
