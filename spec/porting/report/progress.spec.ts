/** The progress bar: on a terminal, and nowhere else. */
import { expect } from 'chai';
import { Progress, wantsColour } from '../../../lib/porting/report/progress.js';

function terminal(isTTY: boolean, columns = 40) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

describe('Progress', () => {
  it('draws a bar on a terminal, and takes it away', () => {
    const stream = terminal(true);
    const progress = new Progress(stream, { NO_COLOR: '1' });
    progress.update(5, 10, 'original');
    progress.end();
    expect(stream.written).to.deep.equal(['\r[###########............] 5/10 original\x1b[K', '\r\x1b[K']);
  });

  it('has colours unless NO_COLOR is set', () => {
    const stream = terminal(true);
    new Progress(stream, {}).update(1, 1);
    expect(stream.written.join('')).to.contain('\x1b[32m#');
    expect(wantsColour(stream, { NO_COLOR: '' })).to.equal(true);
    expect(wantsColour(stream, { NO_COLOR: '1' })).to.equal(false);
    expect(wantsColour(stream, { TERM: 'dumb' })).to.equal(false);
    expect(wantsColour(terminal(false), {})).to.equal(false);
  });

  it('writes nothing where nobody looks', () => {
    for (const [stream, variables] of [
      [terminal(false), {}],
      [terminal(true), { TERM: 'dumb' }],
    ] as const) {
      const progress = new Progress(stream, variables);
      progress.update(1, 2);
      progress.end();
      expect(stream.written).to.deep.equal([]);
    }
  });

  it('does not redraw for each request, but for the last one', () => {
    const stream = terminal(true);
    const progress = new Progress(stream, {});
    for (let done = 1; done <= 10_000; done++) progress.update(done, 10_000);
    expect(stream.written.length).to.be.below(1000);
    expect(stream.written.at(-1)).to.contain('10000/10000');
  });

  it('counts where the end is not known, and stays on its line', () => {
    const stream = terminal(true, 12);
    new Progress(stream, {}).update(123, undefined, 'a long label');
    expect(stream.written).to.deep.equal(['\r123 a long \x1b[K']);
  });
});
