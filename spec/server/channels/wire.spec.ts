/** A message as it travels between servers. */
import { expect } from 'chai';
import { Wire } from '../../../lib/server/channels/wire.js';

const text = (frame: Uint8Array) => Buffer.from(frame).toString('latin1');

describe('the wire between servers', () => {
  it('is a line of JSON, and the bytes of the message', () => {
    const wire = new Wire('me');
    expect(text(wire.pack('news', 'hello\nyou'))).to.equal(
      '{"v":1,"from":"me","n":1,"topic":"news","type":"text"}\nhello\nyou',
    );
    expect(text(wire.pack('news', new Uint8Array([0, 10, 255])))).to.equal(
      '{"v":1,"from":"me","n":2,"topic":"news","type":"binary"}\n\x00\n\xff',
    );
  });

  for (const [what, topic, message] of [
    ['text', 'news', 'snowman ☃, \0, "quoted"\r\n'],
    ['no text at all', 'news', ''],
    ['bytes', 'news', Buffer.from([1, 10, 13, 0, 200])],
    ['no bytes at all', 'news', Buffer.alloc(0)],
    ['a topic of any characters', 'a "b"\n\\ ☃ 😀', 'x'],
  ] as const) {
    it(`carries ${what} as it is`, () => {
      const found = new Wire().unpack(new Wire().pack(topic, message));
      expect(found).to.deep.equal({ topic, message });
    });
  }

  it('gives nothing for its own', () => {
    const wire = new Wire();
    expect(wire.unpack(wire.pack('news', 'hello'))).to.equal(undefined);
  });

  it('gives each message once, however often and late its copies come', () => {
    const [from, to] = [new Wire(), new Wire()];
    const frames = Array.from({ length: 1000 }, (_, i) => from.pack('news', `${i}`));
    for (const frame of frames) expect(to.unpack(frame)).to.be.an('object');
    for (const frame of frames) expect(to.unpack(frame)).to.equal(undefined);
  });

  it('takes equal numbers of two servers for two messages', () => {
    const to = new Wire();
    expect(to.unpack(new Wire().pack('news', 'one'))?.message).to.equal('one');
    expect(to.unpack(new Wire().pack('news', 'two'))?.message).to.equal('two');
  });

  it('ignores members that a later version has added', () => {
    const frame = Buffer.from('{"v":1,"from":"x","n":1,"topic":"t","type":"text","ttl":5}\nhello');
    expect(new Wire().unpack(frame)).to.deep.equal({ topic: 't', message: 'hello' });
  });

  it('refuses what a later version has changed, and says what to do', () => {
    const frame = Buffer.from('{"v":2,"from":"x","n":1}\nhello');
    expect(() => new Wire().unpack(frame)).to.throw(
      'of version 2, and this server knows 1: update this server',
    );
  });

  for (const [frame, why] of [
    ['hello', "begins with 'hello', not with a line of JSON"],
    ['', "begins with '', not"],
    ['[]\nx', "its first line '[]' lacks v, from, n, topic or type"],
    ['null\nx', "begins with 'null', not"],
    ['{"v":1,"from":"x","n":1.5,"topic":"t","type":"text"}\n', 'lacks'],
    ['{"v":1,"from":"x","n":1,"topic":"t","type":"json"}\n', 'lacks'],
    ['{"v":1,"from":7,"n":1,"topic":"t","type":"text"}\n', 'lacks'],
    ['{"v":0,"from":"x","n":1,"topic":"t","type":"text"}\n', 'lacks'],
  ] as const) {
    it(`refuses ${JSON.stringify(frame)}`, () => {
      expect(() => new Wire().unpack(Buffer.from(frame))).to.throw(why);
    });
  }

  it('shows no more than the beginning of what it refuses', () => {
    expect(() => new Wire().unpack(Buffer.alloc(1e6, 'a')))
      .to.throw()
      .with.property('message')
      .length.below(300);
  });
});
