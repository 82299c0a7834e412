/** lib/middleware/cascade.ts (CONFORMANCE A18, E-149). */
import { expect } from 'chai';
import type { Application, Body, Bytes, Environ, StartResponse } from '../../lib/environ/types.js';
import { ApplicationError, ConfigError } from '../../lib/errors.js';
import { cascade } from '../../lib/middleware/index.js';
import { answering, CountedBody, call, Exchange, environOf } from '../support/call.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

const FOUND = answering('200 OK', 'found');

/** Calls start_response in its first step, as Python's generators do. */
function lazy(status: string, ...texts: string[]) {
  const seen = { finished: 0 };
  const app: Application = function* (_environ: Environ, start_response: StartResponse): Generator<Bytes> {
    try {
      start_response(status, [['Content-Type', 'text/plain']]);
      for (const text of texts) yield Buffer.from(text);
    } finally {
      seen.finished++;
    }
  };
  return { app, seen };
}

/** What `call` throws. */
async function failureOf(app: Application): Promise<Error> {
  try {
    await call(app);
  } catch (error) {
    return error as Error;
  }
  return expect.fail('nothing was thrown');
}

describe('cascade', () => {
  afterEach(closeServers);

  for (const status of ['404 Not Found', '405 Method Not Allowed']) {
    it(`E-149: asks the second application after ${status}, with the first body closed`, async () => {
      const body = new CountedBody('no');
      const order: number[] = [];
      const second: Application = (environ, start_response) => {
        order.push(body.closed);
        return FOUND(environ, start_response);
      };
      const { text, starts } = await call(cascade([answering(status, body), second]));
      expect(text).to.equal('found');
      expect(starts).to.have.lengthOf(1);
      expect(order, 'closed before').to.deep.equal([1]);
      expect(body).to.include({ closed: 1, opened: 0 });
    });
  }

  it('answers with the first that is not caught, and does not call the others', async () => {
    const never: Application = () => expect.fail('called');
    expect((await call(cascade([FOUND, never]))).text).to.equal('found');
    const error = await call(cascade([answering('500 Internal Server Error'), never]));
    expect(error.status).to.equal('500 Internal Server Error');
  });

  it('sends the answer of the last, whatever it is', async () => {
    const { status, text } = await call(
      cascade([answering('404 A'), answering('405 B'), answering('404 C')]),
    );
    expect([status, text]).to.deep.equal(['404 C', '404 C']);
  });

  it('catches what it is told to', async () => {
    const app = cascade([answering('403 No'), FOUND], { catch: [403] });
    expect((await call(app)).text).to.equal('found');
    const other = cascade([answering('404 No'), FOUND], { catch: [403] });
    expect((await call(other)).status).to.equal('404 No');
  });

  it('stays synchronous, and hands the body through as it is', () => {
    const body = new CountedBody('x');
    const app = cascade([answering('404 No'), answering('200 OK', body)]);
    expect(app(environOf(), new Exchange().start_response)).to.equal(body);
    expect(cascade([answering('200 OK', body), FOUND])(environOf(), new Exchange().start_response)).to.equal(
      body,
    );
    expect(body).to.include({ opened: 0, closed: 0 });
  });

  it('waits for asynchronous applications and their close()', async () => {
    let closed = false;
    const first: Application = async (_environ, start_response) => {
      await Promise.resolve();
      start_response('404 No', []);
      return Object.assign([], {
        async close() {
          await Promise.resolve();
          closed = true;
        },
      });
    };
    const second: Application = (environ, start_response) => {
      expect(closed).to.equal(true);
      return FOUND(environ, start_response);
    };
    expect((await call(cascade([first, second]))).text).to.equal('found');
  });

  it('puts environ back as it was', async () => {
    const rude: Application = (environ, start_response) => {
      environ.SCRIPT_NAME = '/x';
      environ['own.key'] = 1;
      delete (environ as Record<string, unknown>)['HTTP_HOST'];
      return answering('404 No')(environ, start_response);
    };
    const environ = environOf('/a');
    const before = { ...environ };
    let seen: object | undefined;
    const second: Application = (given, start_response) => {
      expect(given).to.equal(environ);
      seen = { ...given };
      return FOUND(given, start_response);
    };
    await call(cascade([rude, second]), environ);
    expect(seen).to.deep.equal(before);
  });

  it('drops what a caught application writes', async () => {
    const writer: Application = (_environ, start_response) => {
      start_response('404 No', [])(Buffer.from('dropped'));
      return [];
    };
    const { written, text } = await call(cascade([writer, FOUND]));
    expect(written).to.deep.equal([]);
    expect(text).to.equal('found');
  });

  it('gives write() of the server to the one that is taken', async () => {
    const writer: Application = (_environ, start_response) => {
      start_response('200 OK', [])(Buffer.from('kept'));
      return [];
    };
    expect((await call(cascade([writer, FOUND]))).written).to.deep.equal([Buffer.from('kept')]);
  });

  it('lets an application replace a caught status with exc_info, and hands exc_info on', async () => {
    const error = new Error('late');
    const app: Application = (_environ, start_response) => {
      start_response('404 No', []);
      start_response('500 Oops', [], error);
      return [Buffer.from('oops')];
    };
    const { starts, text } = await call(cascade([app, FOUND]));
    expect(starts).to.deep.equal([['500 Oops', [], error]]);
    expect(text).to.equal('oops');
  });

  it('refuses a second start_response without exc_info', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('404 No', []);
      start_response('200 OK', []);
      return [];
    };
    let thrown: unknown;
    await call(cascade([app, FOUND])).catch((error) => (thrown = error));
    expect(thrown).to.be.instanceOf(ApplicationError);
  });

  it('does not catch what is thrown', () => {
    const app = cascade([
      () => {
        throw new Error('thrown');
      },
      FOUND,
    ]);
    expect(() => app(environOf(), new Exchange().start_response)).to.throw('thrown');
  });

  describe('with applications that start in their first step', () => {
    it('takes the first that is not caught, item by item', async () => {
      const { app, seen } = lazy('200 OK', 'a', 'b');
      const { items, status } = await call(cascade([app, FOUND]));
      expect(status).to.equal('200 OK');
      expect(items).to.deep.equal(['a', 'b']);
      expect(seen.finished).to.equal(1);
    });

    it('goes on with the next, and yields nothing before that has called start_response', async () => {
      const { app, seen } = lazy('404 No', 'dropped');
      const { items, starts } = await call(cascade([app, FOUND]));
      expect(items).to.deep.equal(['found']);
      expect(starts).to.have.lengthOf(1);
      expect(seen.finished).to.equal(1);
    });

    it('goes through several, up to the last', async () => {
      const apps = [lazy('404 A'), lazy('405 B', 'x'), lazy('404 C', 'end')];
      const { status, text } = await call(cascade(apps.map(({ app }) => app)));
      expect([status, text]).to.deep.equal(['404 C', 'end']);
      expect(apps.map(({ seen }) => seen.finished)).to.deep.equal([1, 1, 1]);
    });

    it('iterates synchronously as long as they do', () => {
      const body = cascade([lazy('404 No', 'x').app, FOUND])(environOf(), new Exchange().start_response);
      expect([...(body as Iterable<Bytes>)].map(String)).to.deep.equal(['found']);
      const asynchronous: Application = async (environ, start_response) => FOUND(environ, start_response);
      const mixed = cascade([lazy('404 No', 'x').app, asynchronous])(
        environOf(),
        new Exchange().start_response,
      );
      expect(() => [...(mixed as Iterable<Bytes>)]).to.throw(TypeError, /for await/);
    });

    it('has no synchronous iterator for an asynchronous body', async () => {
      const app: Application = async function* (_environ: Environ, start_response: StartResponse) {
        start_response('404 No', []);
        yield Buffer.from('no');
      } as unknown as Application;
      const body = (await cascade([app, FOUND])(environOf(), new Exchange().start_response)) as object;
      expect(Symbol.iterator in body).to.equal(false);
      expect((await call(cascade([app, FOUND]))).text).to.equal('found');
    });

    it('closes each body once, also when the client goes away in between', async () => {
      const first = new CountedBody('no');
      const second = new CountedBody('late');
      const starting =
        (body: Body, status: string): Application =>
        (_environ, start_response) => ({
          *[Symbol.iterator]() {
            start_response(status, []);
            yield* body as Iterable<Bytes>;
          },
          close: () => body.close?.(),
        });
      let release: () => void = () => undefined;
      const waiting = new Promise<void>((resolve) => (release = resolve));
      const app = cascade([
        starting(first, '404 No'),
        async (environ, start_response) => {
          await waiting;
          return answering('200 OK', second)(environ, start_response);
        },
      ]);
      const body = (await app(environOf(), new Exchange().start_response)) as AsyncIterable<Bytes> & Body;
      const iterator = body[Symbol.asyncIterator]();
      const step = iterator.next();
      await iterator.return?.();
      body.close?.();
      release();
      expect(await step).to.deep.equal({ done: true, value: undefined });
      expect([first.closed, second.closed, second.opened]).to.deep.equal([1, 1, 0]);
    });

    it('closes a body once, also if its close() throws, or the next application does', async () => {
      let closed = 0;
      const failing: Application = (_environ, start_response) => ({
        *[Symbol.iterator]() {
          start_response('404 No', []);
          yield Buffer.from('no');
        },
        close() {
          closed++;
          throw new Error('closing');
        },
      });
      expect((await failureOf(cascade([failing, FOUND]))).message).to.equal('closing');
      expect(closed).to.equal(1);
      const first = new CountedBody('no');
      const late: Application = (_environ, start_response) => ({
        *[Symbol.iterator]() {
          start_response('404 No', []);
          yield* first;
        },
        close: () => first.close(),
      });
      const throwing: Application = () => {
        throw new Error('second');
      };
      expect((await failureOf(cascade([late, throwing]))).message).to.equal('second');
      expect(first.closed).to.equal(1);
    });

    it('yields what a later application writes, for it must not be written while the body is iterated', async () => {
      const writer: Application = (_environ, start_response) => {
        start_response('200 OK', [])(Buffer.from('dropped'));
        const write = start_response('500 Oops', [], new Error('again'));
        write(Buffer.from('a'));
        write(Buffer.from('b'));
        return [Buffer.from('c')];
      };
      const { status, items, written } = await call(cascade([lazy('404 No', 'x').app, writer]));
      expect(status).to.equal('500 Oops');
      expect(items).to.deep.equal(['a', 'b', 'c']);
      expect(written).to.deep.equal([]);
    });

    it('leaves no rejection unhandled where it is iterated synchronously and cannot be', async () => {
      const rejections: unknown[] = [];
      const keep = (reason: unknown) => void rejections.push(reason);
      process.on('unhandledRejection', keep);
      try {
        const rejecting: Application = () => Promise.reject(new Error('nobody waits'));
        const body = cascade([lazy('404 No', 'x').app, rejecting])(
          environOf(),
          new Exchange().start_response,
        );
        expect(() => [...(body as Iterable<Bytes>)]).to.throw(TypeError, /for await/);
        await new Promise(setImmediate);
      } finally {
        process.off('unhandledRejection', keep);
      }
      expect(rejections).to.deep.equal([]);
    });

    it('works over HTTP', async () => {
      const { address } = await serveApp(
        cascade([lazy('404 No', 'x').app, answering('404 No'), lazy('200 OK', 'end').app]),
      );
      const response = await fetch(address);
      expect([response.status, await response.text()]).to.deep.equal([200, 'end']);
    });
  });

  it('leaves it to the server to refuse what is not a response', async () => {
    const { address } = await serveApp(cascade([() => [], FOUND]));
    const log = await captureLog(async () => {
      expect((await fetch(address)).status).to.equal(500);
    });
    expect(log).to.include('did not call start_response');
  });

  const WRONG: [what: string, apps: unknown, options: unknown, message: RegExp][] = [
    ['no application', [], {}, /array of one application or more, not \[\]/],
    ['something else', FOUND, {}, /array of one application or more/],
    ['what is not a function', [FOUND, 1], {}, /is a function, not 1/],
    ['a status that is none', [FOUND], { catch: ['404'] }, /array of statuses such as 404/],
    ['one status', [FOUND], { catch: 404 }, /not 404/],
    ['an unknown name', [FOUND], { caught: [404] }, /no option caught, only catch/],
  ];
  for (const [what, apps, options, message] of WRONG) {
    it(`refuses ${what}`, () => {
      expect(() => cascade(apps as Application[], options as { catch: number[] })).to.throw(
        ConfigError,
        message,
      );
    });
  }
});
