/** One direction of a connection, cut into blocks at random: what passes is what came, and what is read stays the same. */

import { expect } from 'chai';
import fc from 'fast-check';
import { requestFraming } from '../../../../lib/porting/record/http/body-reader.js';
import { parseRequestLine } from '../../../../lib/porting/record/http/head.js';
import { MessageReader } from '../../../../lib/porting/record/http/message-reader.js';

interface Read {
  readonly messages: { target: string; fields: number; content: string; trailers: number; ended: boolean }[];
  readonly passed: string;
  readonly fault: string;
  readonly whole: boolean;
}

function read(blocks: readonly Buffer[]): Read {
  const messages: Read['messages'] = [];
  let passed = '';
  let fault = '';
  const pass = (bytes: Buffer) => {
    passed += bytes.toString('latin1');
  };
  const reader = new MessageReader({
    onhead(head) {
      const { target } = parseRequestLine(head.start);
      const framing = requestFraming(head);
      messages.push({ target, fields: head.fields.length, content: '', trailers: 0, ended: false });
      pass(head.raw);
      return framing;
    },
    oncontent(piece) {
      const last = messages.at(-1);
      if (last !== undefined) last.content += piece.toString('latin1');
    },
    onbytes: pass,
    onend(trailers) {
      const last = messages.at(-1);
      if (last !== undefined) Object.assign(last, { trailers: trailers.length, ended: true });
    },
    ontunnel: pass,
    onunreadable(error, bytes) {
      fault = error.message;
      pass(bytes);
    },
    onpartial: pass,
  });
  for (const block of blocks) reader.push(block);
  return { messages, whole: reader.end(), passed, fault };
}

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, n) => bytes.subarray(n === 0 ? 0 : ends[n - 1], end));
}

const places = fc.array(fc.nat(10_000), { maxLength: 12 });
const content = fc.string({ unit: 'binary-ascii', maxLength: 40 });

const withLength = content.map(
  (body) => `POST /length HTTP/1.1\r\nContent-Length: ${body.length}\r\nX: y\r\n\r\n${body}`,
);
const chunked = fc.array(content.filter((chunk) => chunk !== '')).map((chunks) => {
  const parts = chunks.map((chunk) => `${chunk.length.toString(16)};ext="a"\r\n${chunk}\r\n`);
  return `POST /chunked HTTP/1.1\nTransfer-Encoding: chunked\n\n${parts.join('')}0\r\nX-T: 1\r\n\r\n`;
});
const bare = fc.constantFrom(
  'GET /bare HTTP/1.0\r\n\r\n',
  '\r\nGET /lines HTTP/1.1\r\nA: b\r\n  folded\r\n\r\n',
);
const faulty = fc.constantFrom(
  'GET / HTTP/3.0\r\n\r\nrest',
  'GET / HTTP/1.1\r\nno field\r\n\r\nrest',
  'POST / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\nrest',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nrest',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd',
  '\x16\x03\x01hello',
  'GET / HT',
  '',
);

describe('a reader of messages', () => {
  it('passes every byte once, and reads the same, wherever blocks end', () => {
    const messages = fc.array(fc.oneof(withLength, chunked, bare), { maxLength: 4 });
    fc.assert(
      fc.property(messages, faulty, places, (all, last, where) => {
        const text = all.join('') + last;
        if (text === '') return;
        const once = read([Buffer.from(text, 'latin1')]);
        const often = read(cut(text, where));
        expect(often.passed).to.equal(text);
        expect(often).to.deep.equal(once);
        expect(once.messages.filter(({ ended }) => ended)).to.have.length.at.least(all.length);
      }),
      { numRuns: 300 },
    );
  });

  it('reads content without its coding, and trailers', () => {
    const text =
      'POST /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n00A\r\n0123456789\r\n1;x\r\n!\r\n0\r\nT: 1\r\nU: 2\r\n\r\n';
    expect(read([Buffer.from(text)])).to.deep.equal({
      messages: [{ target: '/a', fields: 1, content: '0123456789!', trailers: 2, ended: true }],
      passed: text,
      fault: '',
      whole: true,
    });
  });

  it('knows that a message is cut', () => {
    for (const text of ['POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na', 'GET / HTTP/1.1\r\nHos']) {
      expect(read([Buffer.from(text)])).to.include({ whole: false, passed: text });
    }
  });
});
