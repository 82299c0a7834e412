/** A06: a body of empty items goes on for as long as the client waits, and does not hold up other clients. */
import assert from 'node:assert/strict';
import type { Application, Body } from '../../environ/types.js';
import { eventually, get, PLAIN } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const NOTHING = new Uint8Array(0);

interface Seen {
  begun: number;
  closed: number;
}

function* blocks(seen: Seen): Generator<Uint8Array> {
  try {
    seen.begun++;
    for (;;) yield NOTHING;
  } finally {
    seen.closed++;
  }
}

/** It never waits for anything but what is there already. */
async function* asyncBlocks(seen: Seen): AsyncGenerator<Uint8Array> {
  yield* blocks(seen);
}

const kinds: [id: string, name: string, make: (seen: Seen) => Body][] = [
  ['A-062.empty', 'a generator', blocks],
  ['A-062.empty-async', 'an async generator', asyncBlocks],
];

export const emptyBlocks: Scenario[] = kinds.map(([id, name, make]) =>
  scenario({
    id,
    name: `stops ${name} of empty blocks only when its client leaves`,
    needs: ['abort'],
    record: (): Seen => ({ begun: 0, closed: 0 }),
    app: (seen): Application => {
      return (_environ, start_response) => {
        start_response('200 OK', PLAIN);
        return make(seen);
      };
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get());
      await eventually(() => seen.begun === 1, 'the first block');
      wire.reset();
      await eventually(() => seen.closed === 1, 'its end');
      assert.equal(seen.begun, 1);
      log.isSilent();
    },
  }),
);
