/** lib/environ/environ.ts: the keys of headers. */
import { expect } from 'chai';
import { DROPPED, environKey, SINGLE } from '../../lib/environ/environ.js';
import { collectGarbage } from '../support/garbage.js';

describe('environKey', () => {
  for (const [name, key] of [
    ['host', 'HTTP_HOST'],
    ['accept-language', 'HTTP_ACCEPT_LANGUAGE'],
    ['X-Forwarded-FOR', 'HTTP_X_FORWARDED_FOR'],
    ['content-type', 'CONTENT_TYPE'],
    ['Content-Length', 'CONTENT_LENGTH'],
    ['CONTENT-LENGTH', 'CONTENT_LENGTH'],
    ['content-language', 'HTTP_CONTENT_LANGUAGE'],
    ['authorization', 'HTTP_AUTHORIZATION'],
    ['expect', 'HTTP_EXPECT'],
    ["!#$%&'*+-.^`|~0", "HTTP_!#$%&'*+_.^`|~0"],
    ['__proto__', DROPPED],
    ['constructor', 'HTTP_CONSTRUCTOR'],
    ['proxy', DROPPED],
    ['Proxy', DROPPED],
    ['transfer-encoding', DROPPED],
    ['X_b', DROPPED],
    ['content_length', DROPPED],
    ['_', DROPPED],
  ] as const) {
    it(key === DROPPED ? `drops ${name}` : `makes ${name} ${key}`, () => {
      expect(environKey(name)).to.equal(key);
      // Also from memory.
      expect(environKey(name)).to.equal(key);
    });
  }

  it('is right about more names than it remembers', () => {
    for (let i = 0; i < 3000; i++) expect(environKey(`x-made-up-${i}`)).to.equal(`HTTP_X_MADE_UP_${i}`);
    expect(environKey('x-made-up_1')).to.equal(DROPPED);
    expect(environKey('content-type')).to.equal('CONTENT_TYPE');
  });

  it('does not grow with the names that clients invent', function () {
    this.timeout(60_000);
    const name = (i: number) => `x-${'invented-'.repeat(100)}${i}`;
    for (let i = 0; i < 2000; i++) environKey(name(i));
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 2000; i < 22_000; i++) environKey(name(i));
    collectGarbage();
    // 20,000 names and keys of 900 bytes would be 36 MB.
    expect(process.memoryUsage().heapUsed - before).to.be.below(4_000_000);
  });
});

describe('SINGLE', () => {
  it('holds what frames or routes a request', () => {
    expect([...SINGLE]).to.have.members(['HTTP_HOST', 'CONTENT_TYPE', 'CONTENT_LENGTH']);
  });
});
