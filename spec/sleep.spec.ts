import { createRequire, syncBuiltinESMExports } from 'node:module';
import { expect } from 'chai';
import type { SinonFakeTimers, SinonStatic } from 'sinon';
import { sleep } from '../lib/sleep.js';

/** As CommonJS: that alone can put a clock into `node:timers/promises`. */
const sinon = createRequire(import.meta.url)('sinon') as SinonStatic;

describe('sleep', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers();
    // For those who import by name.
    syncBuiltinESMExports();
  });
  afterEach(() => {
    clock.restore();
    syncBuiltinESMExports();
  });

  async function expectWakesAt(seconds: number, milliseconds: number): Promise<void> {
    let awake = false;
    void Promise.resolve(sleep(seconds)).then(() => {
      awake = true;
    });
    await clock.tickAsync(milliseconds - 1);
    expect(awake).to.equal(false);
    await clock.tickAsync(1);
    expect(awake).to.equal(true);
  }

  it('waits for seconds', () => expectWakesAt(2, 2000));

  it('waits for a fraction of a second', () => expectWakesAt(0.25, 250));

  it('waits longer than a timer of Node can', () => expectWakesAt(60 * 86_400, 60 * 86_400_000));

  it('yields to others for zero seconds', async () => {
    const slept = sleep(0);
    expect(slept).to.be.instanceOf(Promise);
    await clock.tickAsync(1);
    expect(await slept).to.equal(undefined);
  });

  for (const bad of [-1, -0.001, Number.NaN]) {
    it(`refuses ${bad}`, () => {
      expect(() => sleep(bad)).to.throw(RangeError, /non-negative/);
    });
  }
});
