/** Applications that break no rule: the validator says nothing, and changes nothing. */
import { expect } from 'chai';
import sinon from 'sinon';
import { FileWrapper } from '../../lib/environ/file/file-wrapper.js';
import type { Application, Body, Bytes, Environ } from '../../lib/environ/types.js';
import { validator } from '../../lib/validate/index.js';
import { environOf, inputOf, outcomeOf, serve, serveSync } from './support.js';

const HEADERS = [['Content-Type', 'text/plain']] as const;
const blocks = () => [Buffer.from('a'), Buffer.from('b')];

const SHAPES: Readonly<Record<string, Application>> = {
  'a list': (_environ, start_response) => {
    start_response('200 OK', HEADERS);
    return blocks();
  },
  'a Set': (_environ, start_response) => {
    start_response('200 OK', HEADERS);
    return new Set(blocks());
  },
  'a generator': function* (_environ, start_response) {
    start_response('200 OK', HEADERS);
    yield* blocks();
  },
  'an async function': async (_environ, start_response) => {
    await undefined;
    start_response('200 OK', HEADERS);
    return blocks();
  },
  'an async generator': async function* (_environ, start_response) {
    await undefined;
    start_response('200 OK', HEADERS);
    yield* blocks();
  },
  'a class with close': (_environ, start_response) => {
    start_response('200 OK', HEADERS);
    return { [Symbol.iterator]: () => blocks().values(), close: () => undefined };
  },
  'write and a list': (_environ, start_response) => {
    const write = start_response('200 OK', HEADERS);
    write(Buffer.from('a'));
    return [Buffer.from('b')];
  },
  'a Content-Length': (_environ, start_response) => {
    start_response('200 OK', [...HEADERS, ['Content-Length', '2']]);
    return blocks();
  },
  'an error that replaces the head': (_environ, start_response) => {
    start_response('200 OK', HEADERS);
    try {
      throw new Error('late');
    } catch (error) {
      start_response('500 Oops', HEADERS, [Error, error, null]);
    }
    return blocks();
  },
};

describe('a conformant application', () => {
  for (const [what, app] of Object.entries(SHAPES)) {
    for (const [where, wrapped] of [
      ['in a validator', validator(app)],
      ['in two', validator(validator(app))],
    ] as const) {
      it(`${what} ${where} passes silently`, async () => {
        const outcome = await outcomeOf(async () => {
          expect((await serve(wrapped)).text).to.equal('ab');
        });
        expect(outcome.thrown?.stack).to.equal(undefined);
        expect(outcome.warnings).to.deep.equal([]);
      });
    }
  }

  it('that is synchronous stays so', () => {
    for (const what of ['a list', 'a Set', 'a generator', 'a class with close']) {
      expect(serveSync(validator(SHAPES[what] as Application)).text).to.equal('ab');
    }
  });

  it('has its close called once, with its own this', async () => {
    const body = { [Symbol.iterator]: () => blocks().values(), close: sinon.spy() };
    await serve(
      validator((_environ, start_response) => {
        start_response('200 OK', HEADERS);
        return body;
      }),
    );
    sinon.assert.calledOnce(body.close);
    sinon.assert.calledOn(body.close, body);
  });

  it('waits for a close that is a promise', async () => {
    let closed = false;
    const close = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      closed = true;
    };
    await serve(
      validator((_environ, start_response) => {
        start_response('200 OK', HEADERS);
        return Object.assign(blocks(), { close });
      }),
    );
    expect(closed).to.equal(true);
  });

  it('is given return() when the server stops early', () => {
    const ended = sinon.spy();
    const app: Application = function* (_environ, start_response) {
      try {
        start_response('200 OK', HEADERS);
        yield* blocks();
      } finally {
        ended();
      }
    };
    const body = validator(app)(environOf() as Environ, () => () => undefined) as Iterable<Bytes> & Body;
    for (const _block of body) break;
    sinon.assert.calledOnce(ended);
    body.close?.();
  });

  it('may return a FileWrapper, which stays itself', async () => {
    const close = sinon.spy();
    const file = new FileWrapper({ read: () => null, close });
    const { body } = await serve(
      validator((_environ, start_response) => {
        start_response('200 OK', HEADERS);
        return file;
      }),
    );
    expect(body).to.equal(file);
    sinon.assert.calledOnce(close);
  });

  it('may return a FileWrapper that cannot be closed', async () => {
    const file = new FileWrapper({ read: () => null });
    const { body } = await serve(
      validator((_environ, start_response) => {
        start_response('200 OK', HEADERS);
        return file;
      }),
    );
    expect(body).to.equal(file).and.not.have.property('close');
  });

  it('may open the WebSocket, and then return nothing', async () => {
    const websocket = { opened: true };
    const environ = environOf({ 'wsgi.websocket': websocket }) as Environ;
    const outcome = await outcomeOf(async () => {
      expect(await validator(() => undefined as unknown as Body)(environ, sinon.stub())).to.equal(undefined);
    });
    expect(outcome.thrown).to.equal(undefined);
  });

  it('reads its input, by promises', async () => {
    let read = '';
    const environ = environOf({ 'wsgi.input': inputOf('abc\nd\n', 'e\nf'), CONTENT_LENGTH: '9' });
    const outcome = await outcomeOf(() =>
      serve(
        validator(async (given, start_response) => {
          const input = given['wsgi.input'];
          read += `${await input.read(1)}|${await input.readline()}|${await input.readlines(1)}|`;
          for await (const line of input) read += `${line}|`;
          start_response('200 OK', HEADERS);
          return [];
        }),
        { environ },
      ),
    );
    expect(outcome.thrown?.stack).to.equal(undefined);
    expect(read).to.equal('a|bc\n|d\n|e\n|f|');
  });

  it('reads its input at once where it blocks', () => {
    const bytes = Buffer.from('x');
    const blocking = {
      read: () => bytes,
      readline: () => bytes,
      readlines: () => [bytes],
      [Symbol.iterator]: () => [bytes, bytes].values(),
    };
    const app: Application = (environ, start_response) => {
      const input = environ['wsgi.input'] as unknown as typeof blocking;
      start_response('200 OK', HEADERS);
      return [input.read(), input.readline(), ...input.readlines(), ...input[Symbol.iterator]()];
    };
    expect(serveSync(validator(app), environOf({ 'wsgi.input': blocking })).text).to.equal('xxxxx');
  });

  it('may throw, and the error stays itself', async () => {
    const error = new RangeError('mine');
    for (const app of [() => Promise.reject(error), (): never => raise(error)]) {
      expect((await outcomeOf(() => serve(validator(app)))).thrown).to.equal(error);
    }
  });

  it('may take what start_response throws for its own end', async () => {
    const gone = new Error('the server');
    const start_response = () => raise(gone);
    const outcome = await outcomeOf(() =>
      serve(validator(SHAPES['a list'] as Application), { start_response }),
    );
    expect(outcome.thrown).to.equal(gone);
  });
});

function raise(error: Error): never {
  throw error;
}
