/** lib/environ/input/input.ts: PEP 3333 "Input and Error Streams". */
import { expect } from 'chai';
import { BodyInput } from '../../../lib/environ/input/input.js';
import { ClientDisconnected } from '../../../lib/errors.js';
import { input, random, rejection, source, split } from '../bodies.js';

const LINES = 'one\ntwo\r\n\nlast';

async function text(bytes: Promise<Buffer>): Promise<string> {
  return (await bytes).toString('latin1');
}

async function texts(lines: Promise<Buffer[]>): Promise<string[]> {
  return (await lines).map((line) => line.toString('latin1'));
}

async function iterate(body: BodyInput): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of body) lines.push(line.toString('latin1'));
  return lines;
}

describe('wsgi.input', () => {
  describe('#read', () => {
    it('returns exactly n bytes unless the body ends first', async () => {
      const body = input('ab', 'c', 'defg', 'h');
      expect(await text(body.read(5))).to.equal('abcde');
      expect(await text(body.read(2))).to.equal('fg');
      expect(await text(body.read(1000))).to.equal('h');
      expect(await text(body.read(1))).to.equal('');
    });

    for (const size of [undefined, null, -1, -7, Number.POSITIVE_INFINITY]) {
      it(`returns all that remains for a size of ${size}`, async () => {
        const body = input('abc', 'def');
        await body.read(1);
        expect(await text(body.read(size))).to.equal('bcdef');
        expect(await text(body.read(size))).to.equal('');
      });
    }

    it('returns nothing and asks for nothing for a size of 0', async () => {
      const pieces = source(['abc']);
      const body = new BodyInput(pieces);
      expect(await text(body.read(0))).to.equal('');
      expect(pieces.pulls).to.equal(0);
      expect(await text(body.read())).to.equal('abc');
    });

    it('asks for no more than it needs', async () => {
      const pieces = source(['abc', 'def']);
      const body = new BodyInput(pieces);
      await body.read(3);
      expect(pieces.pulls).to.equal(1);
    });

    it('passes all 256 values through', async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const body = input(all.subarray(0, 100), all.subarray(100));
      expect(await body.read()).to.deep.equal(all);
    });

    for (const size of ['5', 1.5, Number.NaN, true, {}]) {
      it(`throws at once for a size of ${String(size)} (${typeof size}), and reads nothing`, async () => {
        const body = input('abc');
        expect(() => body.read(size as number)).to.throw(TypeError, 'wsgi.input.read() takes a whole number');
        expect(await text(body.read())).to.equal('abc');
      });
    }
  });

  describe('#readline', () => {
    it('returns a line with its LF; CR is not special; the last one may have none', async () => {
      const body = input('on', 'e\ntw', 'o\r', '\n\nla', 'st');
      expect(await text(body.readline())).to.equal('one\n');
      expect(await text(body.readline())).to.equal('two\r\n');
      expect(await text(body.readline())).to.equal('\n');
      expect(await text(body.readline())).to.equal('last');
      expect(await text(body.readline())).to.equal('');
    });

    it('returns at most size bytes of a line', async () => {
      const body = input('one\ntw', 'o\nthree');
      expect(await text(body.readline(2))).to.equal('on');
      expect(await text(body.readline(2))).to.equal('e\n');
      expect(await text(body.readline(0))).to.equal('');
      expect(await text(body.readline(4))).to.equal('two\n');
      expect(await text(body.readline(3))).to.equal('thr');
      expect(await text(body.readline(-1))).to.equal('ee');
    });

    it('does not wait for an LF once it has size bytes', async () => {
      const pieces = source(['abcdef', 'never\n']);
      expect(await text(new BodyInput(pieces).readline(4))).to.equal('abcd');
      expect(pieces.pulls).to.equal(1);
    });

    it('throws at once for a bad size', () => {
      expect(() => input().readline(0.5)).to.throw(TypeError, 'wsgi.input.readline()');
    });
  });

  describe('#readlines', () => {
    it('returns the lines that remain', async () => {
      const body = input(LINES);
      expect(await texts(body.readlines())).to.deep.equal(['one\n', 'two\r\n', '\n', 'last']);
      expect(await texts(body.readlines())).to.deep.equal([]);
    });

    it('stops after the line that brings the total to the hint', async () => {
      expect(await texts(input(LINES).readlines(1))).to.deep.equal(['one\n']);
      expect(await texts(input(LINES).readlines(4))).to.deep.equal(['one\n']);
      expect(await texts(input(LINES).readlines(5))).to.deep.equal(['one\n', 'two\r\n']);
    });

    for (const hint of [0, null, undefined, -1]) {
      it(`takes a hint of ${hint} for no hint`, async () => {
        expect(await texts(input(LINES).readlines(hint))).to.have.length(4);
      });
    }

    it('throws at once for a bad hint', () => {
      expect(() => input().readlines('4' as unknown as number)).to.throw(TypeError, 'wsgi.input.readlines()');
    });
  });

  describe('iteration', () => {
    it('yields the lines that readline() returns', async () => {
      expect(await iterate(input('one\ntw', 'o\r\n', '\nlast'))).to.deep.equal([
        'one\n',
        'two\r\n',
        '\n',
        'last',
      ]);
    });

    it('may be left and taken up again', async () => {
      const body = input(LINES);
      for await (const line of body) {
        expect(line.toString()).to.equal('one\n');
        break;
      }
      expect(await iterate(body)).to.deep.equal(['two\r\n', '\n', 'last']);
    });
  });

  it('has one position for all methods', async () => {
    const body = input('one\ntwo\nthree\nfour\nfive');
    expect(await text(body.read(2))).to.equal('on');
    expect(await text(body.readline())).to.equal('e\n');
    expect(await texts(body.readlines(1))).to.deep.equal(['two\n']);
    for await (const line of body) {
      expect(line.toString()).to.equal('three\n');
      break;
    }
    expect(await text(body.read())).to.equal('four\nfive');
  });

  it('stays at its end, and asks the source no more', async () => {
    const pieces = source(['a']);
    const body = new BodyInput(pieces);
    await body.read();
    const { pulls } = pieces;
    for (let i = 0; i < 2; i++) {
      expect(await text(body.read())).to.equal('');
      expect(await text(body.read(5))).to.equal('');
      expect(await text(body.readline())).to.equal('');
      expect(await texts(body.readlines())).to.deep.equal([]);
      expect(await iterate(body)).to.deep.equal([]);
    }
    expect(pieces.pulls).to.equal(pulls);
  });

  it('is at its end when the request has no body', async () => {
    expect(await text(new BodyInput().read())).to.equal('');
    expect(await iterate(new BodyInput())).to.deep.equal([]);
  });

  it('starts to read with the first call', async () => {
    const pieces = source(['a']);
    const body = new BodyInput(pieces);
    expect(pieces.pulls).to.equal(0);
    const read = body.read(1);
    expect(pieces.pulls).to.equal(1);
    await read;
  });

  it('serves calls that overlap in the order in which they were made', async () => {
    const body = input('ab', 'c\nd', 'ef', 'gh\nij', 'k');
    const all = [body.read(1), body.readline(), body.read(2), body.readline(), body.read(), body.read(1)];
    const results = await Promise.all(all);
    expect(results.map(String)).to.deep.equal(['a', 'bc\n', 'de', 'fgh\n', 'ijk', '']);
  });

  it('reads on after a call that overlapped failed on its size', async () => {
    const body = input('ab', 'cd');
    const first = body.read(3);
    expect(() => body.read(Number.NaN)).to.throw(TypeError);
    expect(await text(first)).to.equal('abc');
    expect(await text(body.read())).to.equal('d');
  });

  describe('of a body that is cut short', () => {
    const gone = new ClientDisconnected();

    it('gives what came if that is enough, and the error when it is not', async () => {
      const body = new BodyInput(source(['one\n', 'tw'], gone));
      expect(await text(body.read(2))).to.equal('on');
      expect(await text(body.readline())).to.equal('e\n');
      expect(await rejection(body.readline())).to.equal(gone);
    });

    it('never takes the cut for the end', async () => {
      const body = new BodyInput(source(['one\ntw'], gone));
      expect(await rejection(body.read())).to.equal(gone);
      expect(await rejection(body.read())).to.equal(gone);
      expect(await rejection(body.readlines())).to.equal(gone);
      expect(await rejection(iterate(body))).to.equal(gone);
    });

    it('fails each of the calls that wait', async () => {
      const body = new BodyInput(source(['abc'], gone));
      const [first, ...rest] = [body.read(2), body.read(5), body.readline()];
      expect(await text(first as Promise<Buffer>)).to.equal('ab');
      for (const call of rest) expect(await rejection(call)).to.equal(gone);
    });
  });

  it('reads as Python reads, however the body is cut and whatever is called', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed);
      const body = Buffer.from(
        Array.from({ length: 120 }, () => (next() < 0.15 ? 10 : 97 + Math.floor(next() * 26))),
      );
      const tested = input(...split(body, 1 + Math.floor(next() * 20), next));
      const python = new PythonBytesIO(body.toString());
      for (let call = 0; call < 25; call++) {
        const size = next() < 0.15 ? -1 : Math.floor(next() * 15);
        const label = `seed ${seed}, call ${call}, size ${size}`;
        const kind = Math.floor(next() * 3);
        if (kind === 0) expect(await text(tested.read(size)), label).to.equal(python.read(size));
        if (kind === 1) expect(await text(tested.readline(size)), label).to.equal(python.readline(size));
        if (kind === 2)
          expect(await texts(tested.readlines(size)), label).to.deep.equal(python.readlines(size));
      }
    }
  });
});

/** Python's `io.BytesIO`, as its documentation has it. */
class PythonBytesIO {
  #position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  read(size: number): string {
    const rest = this.#text.slice(this.#position);
    const read = size < 0 ? rest : rest.slice(0, size);
    this.#position += read.length;
    return read;
  }

  readline(size: number): string {
    const rest = this.#text.slice(this.#position);
    const lf = rest.indexOf('\n');
    const line = lf === -1 ? rest : rest.slice(0, lf + 1);
    return this.read(size < 0 ? line.length : Math.min(line.length, size));
  }

  readlines(hint: number): string[] {
    const lines: string[] = [];
    let total = 0;
    for (let line = this.readline(-1); line !== ''; line = this.readline(-1)) {
      lines.push(line);
      total += line.length;
      if (hint > 0 && total >= hint) break;
    }
    return lines;
  }
}
