/** Random traffic in every mode, for some seconds; `npm run soak` does so for as long as it is told. */
import { expect } from 'chai';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { MODES, type ModeName } from './modes.js';
import { runTraffic } from './traffic.js';

/** `WSGI_SEED=…` repeats what failed: the message says which. */
const SEED = process.env['WSGI_SEED'] ?? '1';
const WAVES = 3;

describe('random traffic', function () {
  this.timeout(240_000);
  after(() => removeTemporaryFolders());

  for (const mode of Object.keys(MODES) as ModeName[]) {
    it(`is answered to the last byte, and leaves nothing behind: ${mode}`, async () => {
      const { answers } = await runTraffic({ mode, seed: SEED, goesOn: (waves) => waves < WAVES });
      expect(answers).to.be.above(0);
    });
  }
});
