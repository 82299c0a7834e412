/** lib/environ/input/byte-queue.ts */
import { expect } from 'chai';
import { ByteQueue } from '../../../lib/environ/input/byte-queue.js';
import { addPiece } from '../../../lib/environ/input/pieces.js';
import { random, split } from '../bodies.js';

function queue(...pieces: string[]): ByteQueue {
  const made = new ByteQueue();
  for (const piece of pieces) made.push(Buffer.from(piece));
  return made;
}

describe('ByteQueue', () => {
  it('takes bytes across the borders of what was pushed', () => {
    const bytes = queue('ab', 'cd', 'ef');
    expect(bytes.length).to.equal(6);
    expect(bytes.take(3).toString()).to.equal('abc');
    expect(bytes.take(2).toString()).to.equal('de');
    expect(bytes.length).to.equal(1);
  });

  it('takes what there is when asked for more, and nothing when empty', () => {
    const bytes = queue('ab', 'c');
    expect(bytes.take(Number.POSITIVE_INFINITY).toString()).to.equal('abc');
    expect(bytes.take(5)).to.have.length(0);
    expect(bytes.length).to.equal(0);
  });

  it('does not copy what lies in one piece', () => {
    const piece = Buffer.from('abcdef');
    const bytes = new ByteQueue();
    bytes.push(piece);
    expect(bytes.take(3).buffer).to.equal(piece.buffer);
    expect(bytes.take(3).buffer).to.equal(piece.buffer);
  });

  it('joins small pieces, however their sizes come', () => {
    for (const sizes of [[1], [2, 1], [1, 2, 3], [4097, 1], [90, 80, 70, 1, 1]]) {
      const pieces: Buffer[] = [];
      let text = '';
      for (let i = 0; i < 5000; i++) {
        const piece = Buffer.alloc(sizes[i % sizes.length] as number, String(i));
        addPiece(pieces, piece);
        text += piece;
      }
      expect(Buffer.concat(pieces).toString() === text, String(sizes)).to.equal(true);
      expect(text.length / pieces.length, String(sizes)).to.be.above(500);
    }
  });

  it('goes on in the middle of a piece that others were joined with', () => {
    const bytes = queue('abc');
    bytes.take(2);
    for (const piece of ['defg', '\n', 'h']) bytes.push(Buffer.from(piece));
    expect(bytes.lineLength()).to.equal(6);
    expect(bytes.take(6).toString()).to.equal('cdefg\n');
    expect(bytes.take(6).toString()).to.equal('h');
  });

  it('leaves out empty pieces', () => {
    const bytes = queue('', 'a', '');
    expect(bytes.length).to.equal(1);
    expect(bytes.take(1).toString()).to.equal('a');
  });

  describe('#lineLength', () => {
    it('is the length of the first line with its LF, wherever the pieces end', () => {
      expect(queue('one\ntwo').lineLength()).to.equal(4);
      expect(queue('o', 'ne', '\ntwo\n').lineLength()).to.equal(4);
      expect(queue('\n').lineLength()).to.equal(1);
    });

    it('is -1 until an LF is there', () => {
      const bytes = queue('ab', 'c');
      expect(bytes.lineLength()).to.equal(-1);
      bytes.push(Buffer.from('d\n'));
      expect(bytes.lineLength()).to.equal(5);
    });

    it('starts anew after bytes were taken', () => {
      const bytes = queue('abcd');
      expect(bytes.lineLength()).to.equal(-1);
      bytes.take(3);
      bytes.push(Buffer.from('\nx\n'));
      expect(bytes.lineLength()).to.equal(2);
      bytes.take(2);
      expect(bytes.lineLength()).to.equal(2);
    });

    it('looks at each byte of a long line once', () => {
      const bytes = new ByteQueue();
      let looked = 0;
      for (let i = 0; i < 1000; i++) {
        // Not one that is joined with others.
        const piece = Buffer.alloc(5000, 'x');
        piece.indexOf = ((value: number, from: number) => {
          looked++;
          return Buffer.prototype.indexOf.call(piece, value, from);
        }) as typeof piece.indexOf;
        bytes.push(piece);
        expect(bytes.lineLength()).to.equal(-1);
      }
      expect(looked).to.equal(1000);
    });
  });

  it('forgets all on clear', () => {
    const bytes = queue('ab\n');
    bytes.take(1);
    bytes.lineLength();
    bytes.clear();
    expect(bytes.length).to.equal(0);
    expect(bytes.lineLength()).to.equal(-1);
    bytes.push(Buffer.from('x\n'));
    expect(bytes.lineLength()).to.equal(2);
    expect(bytes.take(9).toString()).to.equal('x\n');
  });

  it('is one string of bytes, whatever is pushed and taken', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const text = Buffer.from(
        Array.from({ length: 80 }, () => (next() < 0.2 ? 10 : 97 + Math.floor(next() * 26))),
      );
      const pieces = split(text, 9, next);
      const bytes = new ByteQueue();
      let pushed = 0;
      let taken = 0;
      while (taken < text.length) {
        if (next() < 0.5 && pieces.length > 0) {
          const piece = pieces.shift() as Buffer;
          bytes.push(piece);
          pushed += piece.length;
        }
        const lf = text.subarray(0, pushed).indexOf(10, taken);
        if (next() < 0.7)
          expect(bytes.lineLength(), `seed ${seed}`).to.equal(lf === -1 ? -1 : lf - taken + 1);
        if (next() < 0.5) {
          const count = Math.floor(next() * 12);
          const expected = text.subarray(taken, Math.min(taken + count, pushed));
          expect(bytes.take(count).toString(), `seed ${seed}`).to.equal(expected.toString());
          taken += expected.length;
        }
        expect(bytes.length).to.equal(pushed - taken);
      }
    }
  });

  it('knows that no more will come, also once it is cleared', () => {
    const bytes = queue('ab');
    expect(bytes.ended).to.equal(false);
    bytes.push(null);
    expect(bytes.ended).to.equal(true);
    expect(bytes.length).to.equal(2);
    bytes.clear();
    expect(bytes.length).to.equal(0);
    expect(bytes.ended).to.equal(true);
  });
});
