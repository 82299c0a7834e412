import { expect } from 'chai';
import { isGone, oneLine, thrownMessage, thrownStack, thrownType, toExcInfo } from '../../lib/app/thrown.js';
import { closedError, ProtocolError } from '../../lib/environ/websocket/error.js';
import { ClientDisconnected, RequestError } from '../../lib/errors.js';

describe('what was thrown', () => {
  const hostile = Object.create(Error.prototype, {
    name: {
      get() {
        throw new Error('name');
      },
    },
    message: {
      get() {
        throw new Error('message');
      },
    },
  });
  const cases: [string, unknown, string, string][] = [
    ['an Error', new TypeError('bad'), 'TypeError', 'bad'],
    ['a RequestError', new RequestError(400, 'short'), 'RequestError', 'short'],
    ['a string', 'x', 'string', 'x'],
    ['null', null, 'null', 'null'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['a number', 0, 'number', '0'],
    ['an object', { a: 1 }, 'object', '{ a: 1 }'],
    ['a hostile Error', hostile, 'unknown', 'unknown'],
  ];
  for (const [what, thrown, type, message] of cases) {
    it(`describes ${what}`, () => {
      expect([thrownType(thrown), thrownMessage(thrown)]).to.deep.equal([type, message]);
      expect(thrownStack(thrown)).to.be.a('string');
      expect(toExcInfo(thrown)).to.deep.equal([type, thrown]);
    });
  }

  it('has a stack with causes, and without characters that a terminal acts on', () => {
    const stack = thrownStack(new Error('\x1b[2J', { cause: new Error('the cause') }));
    expect(stack).to.contain('thrown.spec.ts').and.contain('the cause').and.contain('\\x1b[2J');
    expect(stack).to.contain('\n').and.not.contain('\x1b');
  });

  it('makes one line of anything', () => {
    expect(oneLine('a\nb\r\x1b[31m\u2028\x85é')).to.equal('a\\nb\\x0d\\x1b[31m\\u2028\\x85é');
  });

  it('knows when the client is gone', () => {
    expect([new ClientDisconnected(), closedError('Socket is dead')].map(isGone)).to.deep.equal([true, true]);
    expect([new ProtocolError('x'), new RequestError(400, 'x'), null].map(isGone)).to.deep.equal([
      false,
      false,
      false,
    ]);
  });
});
