/** lib/porting/record/http/head.ts: heads that come in few bytes at a time, or have much of one thing, take no longer than others. */
import { expect } from 'chai';
import {
  HeadCollector,
  parseFields,
  parseHead,
  parseRequestLine,
  Unreadable,
} from '../../../../lib/porting/record/http/head.js';

const MIB = 1024 * 1024;

/** Milliseconds of CPU: other processes take theirs meanwhile. */
function cost(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** All heads are found in time that grows with their length: quadratic, these take from half a minute to hours. */
const ENOUGH_MS = 5000;

describe('HeadCollector', () => {
  it('finds the end wherever a packet ends, and leaves what follows', () => {
    const head = '\r\n\nGET / HTTP/1.1\r\nX-A: 1\n\r\n';
    for (let at = 1; at < head.length; at++) {
      const collector = new HeadCollector();
      expect(collector.push(Buffer.from(head.slice(0, at)))).to.equal(undefined);
      const found = collector.push(Buffer.from(`${head.slice(at)}\n\nrest`));
      expect(String(found?.raw)).to.equal(head);
      expect(found?.used).to.equal(head.length - at);
      expect(collector.take()).to.have.lengthOf(0);
    }
  });

  it('keeps bytes whose buffer is used again', () => {
    const collector = new HeadCollector();
    const buffer = Buffer.from('GET / HTTP/1.1\r\n');
    collector.push(buffer);
    buffer.fill('x');
    expect(String(collector.push(Buffer.from('\r\n'))?.raw)).to.equal('GET / HTTP/1.1\r\n\r\n');
  });

  it('looks at the first byte of a line, also after empty ones', () => {
    const collector = new HeadCollector();
    collector.push(Buffer.from('\r\n'));
    expect(() => collector.push(Buffer.from('\r\n\x16'))).to.throw(Unreadable, '0x16');
    expect(String(collector.take())).to.equal('\r\n\r\n\x16');
  });

  for (const [what, text] of [
    ['a field', 'a'],
    ['empty lines', '\n'],
  ] as const) {
    it(`takes 1 MiB of ${what}, one byte after the other`, () => {
      const collector = new HeadCollector();
      const byte = Buffer.from(text);
      const spent = cost(() => {
        for (let i = 0; i < MIB; i++) collector.push(byte);
      });
      expect(spent).to.be.below(ENOUGH_MS);
      expect(() => collector.push(byte)).to.throw(Unreadable, 'more than 1048576 bytes');
      expect(collector.take()).to.have.lengthOf(MIB + 1);
    });
  }
});

describe('parseHead', () => {
  for (const [what, head] of [
    ['spaces in a value', `GET / HTTP/1.1\r\nX-A: a${' '.repeat(MIB)}b\r\n\r\n`],
    ['folded lines', `GET / HTTP/1.1\r\nX-A: a${'\n b'.repeat(MIB / 3)}\r\n\r\n`],
    ['spaces in the request line', `GET /${' '.repeat(MIB)}x HTTP/1.1\r\n\r\n`],
  ] as const) {
    it(`takes 1 MiB of ${what}`, () => {
      expect(cost(() => parseRequestLine(parseHead(Buffer.from(head)).start))).to.be.below(ENOUGH_MS);
    });
  }

  it('joins folded lines with one space each', () => {
    expect(parseFields(['A: ', '  b ', '\tc', 'D:  e f  '])).to.deep.equal([
      ['A', 'b c'],
      ['D', 'e f'],
    ]);
  });

  for (const [line, expected] of [
    ['GET / HTTP/1.1', { method: 'GET', target: '/', version: '1.1' }],
    ['GET  /a b  HTTP/1.0', { method: 'GET', target: '/a b', version: '1.0' }],
    ['GET  HTTP/1.1', { method: 'GET', target: '', version: '1.1' }],
  ] as const) {
    it(`reads ${JSON.stringify(line)}`, () => {
      expect(parseRequestLine(line)).to.deep.equal(expected);
    });
  }

  for (const line of ['GET HTTP/1.1', 'GET / HTTP/2.0', ' / HTTP/1.1', 'GET /\rx HTTP/1.1', 'GET', '']) {
    it(`refuses ${JSON.stringify(line)}`, () => {
      expect(() => parseRequestLine(line)).to.throw(Unreadable);
    });
  }
});
