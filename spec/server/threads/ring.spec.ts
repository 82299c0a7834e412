/** The ring in shared memory, alone: frames of all sizes at every place, against a plain list. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FRAME_LIMIT, Frame, RING_BYTES, Ring, TEXT_LIMIT } from '../../../lib/server/threads/shared/ring.js';

const SIZE = 256 * 1024;
const HEADER = 16;

interface Written {
  type: number;
  flags: number;
  id: number;
  text: string;
  bytes: Buffer;
}

function makeRing(position = 0): Ring {
  const memory = new SharedArrayBuffer(RING_BYTES);
  // Head and tail, as if so many bytes had passed.
  const words = new Int32Array(memory);
  words[0] = position;
  words[16] = position;
  return new Ring(memory, 0);
}

function shift(ring: Ring): Written | undefined {
  const frame = new Frame();
  if (!ring.shift(frame)) return undefined;
  const { type, flags, id, text, bytes } = frame;
  return { type, flags, id, text, bytes };
}

function frameOf(textLength: number, length: number, seed = 1): Written {
  const text = String.fromCharCode(
    ...Array.from({ length: Math.min(textLength, 1000) }, (_, i) => (seed * 7 + i) & 0xff),
  );
  return {
    type: seed & 0x3f,
    flags: seed & 3,
    id: (seed * 2654435761) & 0x7fffffff,
    text: text.padEnd(textLength, '\xff'),
    bytes: Buffer.alloc(length, seed & 0xff),
  };
}

function push(ring: Ring, { type, flags, id, text, bytes }: Written): boolean {
  return ring.push(type, flags, id, text, bytes);
}

describe('a ring in shared memory', () => {
  it('gives back what was put in, in order, whatever the sizes', () => {
    const size = fc.oneof(fc.nat(40), fc.nat(FRAME_LIMIT), fc.constantFrom(FRAME_LIMIT - 1, FRAME_LIMIT));
    const steps = fc.array(fc.oneof(fc.tuple(size, size, fc.nat(100_000)), fc.constant('shift' as const)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.integer(), steps, (start, list) => {
        const ring = makeRing(start & -HEADER);
        const model: Written[] = [];
        let used = 0;
        const cost = ({ text, bytes }: Written) =>
          Math.ceil((HEADER + text.length + bytes.length) / HEADER) * HEADER;
        for (const step of list) {
          if (step === 'shift') {
            const expected = model.shift();
            if (expected !== undefined) used -= cost(expected);
            expect(shift(ring)).to.deep.equal(expected);
          } else {
            const frame = frameOf(...step);
            const fits = cost(frame) <= SIZE - used;
            expect(push(ring, frame)).to.equal(fits);
            if (!fits) continue;
            model.push(frame);
            used += cost(frame);
          }
          expect(ring.isEmpty).to.equal(model.length === 0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('lets a frame go around its end at every place', () => {
    for (let before = HEADER; before <= 40 * HEADER; before += HEADER) {
      const ring = makeRing(SIZE - before);
      for (let seed = 0; seed < 4; seed++) {
        const frame = frameOf(seed * 100 + 3, 301 + seed, seed + 1);
        expect(push(ring, frame)).to.equal(true);
        expect(shift(ring)).to.deep.equal(frame);
      }
    }
  });

  for (const start of [0x7ffffff0, -0x80000000, -HEADER]) {
    it(`goes on where its counters wrap, at ${start}`, () => {
      const ring = makeRing(start);
      for (let i = 1; i < 50; i++) {
        const frame = frameOf(i, i * 97, i);
        expect(push(ring, frame)).to.equal(true);
        expect(push(ring, frame)).to.equal(true);
        expect(shift(ring)).to.deep.equal(frame);
        expect(shift(ring)).to.deep.equal(frame);
      }
      expect(shift(ring)).to.equal(undefined);
    });
  }

  it('can be full to its last byte', () => {
    const ring = makeRing(HEADER * 5);
    const quarter = frameOf(0, FRAME_LIMIT - HEADER, 3);
    for (let i = 0; i < 4; i++) expect(push(ring, quarter)).to.equal(true);
    expect(push(ring, frameOf(0, 0))).to.equal(false);
    expect(ring.isEmpty).to.equal(false);
    expect(shift(ring)).to.deep.equal(quarter);
    expect(push(ring, quarter)).to.equal(true);
  });

  it('has room for the longest text together with the largest block', () => {
    const ring = makeRing();
    const largest = frameOf(TEXT_LIMIT, FRAME_LIMIT, 5);
    expect(push(ring, largest)).to.equal(true);
    expect(shift(ring)).to.deep.equal(largest);
  });

  it('gives copies: what is written later changes nothing', () => {
    const ring = makeRing();
    push(ring, frameOf(0, 100, 1));
    const first = shift(ring);
    for (let i = 0; i < 3000; i++) {
      push(ring, frameOf(0, 100, 2));
      shift(ring);
    }
    expect(first?.bytes).to.deep.equal(Buffer.alloc(100, 1));
  });
});
