/** Frames to and from a process of CPython, however the bytes are cut. */
import { expect } from 'chai';
import { encodeFrame, encodeHead, FrameReader } from '../../lib/python/cpython/frames.js';

type Frame = readonly [kind: number, request: number, call: number, payload: Buffer];

const SHORT = framesOf([0, 1, 12, 13, 14, 500, 0, 3]);
const LONG = framesOf([8191, 0, 8192, 8193, 65_522, 65_523, 1, 65_524, 65_536, 140_000, 0, 3, 70_000]);

function framesOf(sizes: readonly number[]): readonly Frame[] {
  return sizes.map((size, index) => {
    return [index + 1, index * 1000, 0xffffffff - index, Buffer.alloc(size, `${index}|`)];
  });
}

const bytesOf = (frames: readonly Frame[]) => Buffer.concat(frames.map((frame) => encodeFrame(...frame)));

describe('frames of CPython', () => {
  const reader = () => {
    const frames: Frame[] = [];
    return { frames, reader: new FrameReader((...frame) => frames.push(frame)) };
  };

  for (const [step, frames] of [
    [1, SHORT],
    [7, SHORT],
    [13, SHORT],
    [5000, LONG],
    [65_536, LONG],
    [131_072, LONG],
    [1_000_000, LONG],
  ] as const) {
    const bytes = bytesOf(frames);

    it(`are the same when they come in pieces of ${step} bytes`, () => {
      const taken = reader();
      for (let at = 0; at < bytes.length; at += step) taken.reader.push(bytes.subarray(at, at + step));
      expectSame(taken.frames, frames);
    });

    it(`are the same when ${step} bytes at most are read into memory at a time`, () => {
      const taken = reader();
      for (let at = 0; at < bytes.length; ) {
        const room = taken.reader.room();
        expect(room.length).to.be.greaterThan(0);
        const copied = bytes.copy(room, 0, at, at + step);
        taken.reader.came(copied);
        at += copied;
      }
      expectSame(taken.frames, frames);
    });
  }

  it('keep what they hold while others come', () => {
    const taken = reader();
    for (let round = 0; round < 3; round++) taken.reader.push(bytesOf(LONG));
    expectSame(taken.frames, [...LONG, ...LONG, ...LONG]);
  });

  it('have a head that may be sent before what it is for', () => {
    const whole = encodeFrame(65, 7, 9, Buffer.from('payload'));
    expect(Buffer.concat([encodeHead(65, 7, 9, 7), Buffer.from('payload')])).to.deep.equal(whole);
  });
});

/** Without a comparison of each byte by chai. */
function expectSame(taken: readonly Frame[], frames: readonly Frame[]): void {
  expect(taken.map((frame) => frame.slice(0, 3))).to.deep.equal(frames.map((frame) => frame.slice(0, 3)));
  const different = frames.findIndex(([, , , payload], index) => !taken[index]?.[3].equals(payload));
  expect(different).to.equal(-1);
}
