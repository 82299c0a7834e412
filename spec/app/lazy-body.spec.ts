import { Readable } from 'node:stream';
import { expect } from 'chai';
import { Response } from '../../lib/app/response.js';
import type { Handler } from '../../lib/app/routes.js';
import { Exchange, environOf } from '../support/call.js';
import { logged, respond, turn } from './support.js';

/** A body as a gateway holds it. */
interface Held {
  next(): IteratorResult<Uint8Array> & Promise<IteratorResult<Uint8Array>>;
  return(): unknown;
  close(): unknown;
}

function hold(handler: Handler): Held {
  const exchange = new Exchange(environOf());
  return new Response(exchange.environ, exchange.start_response).run(handler) as unknown as Held;
}

/** An iterable that notes what is done to it. */
class Source {
  log: string[] = [];
  readonly #parts: unknown[];

  constructor(...parts: unknown[]) {
    this.#parts = parts;
  }

  [Symbol.iterator]() {
    this.log.push('iterator');
    return {
      next: () => {
        const value = this.#parts.shift();
        if (value instanceof Error) throw value;
        return { done: value === undefined, value };
      },
      return: () => {
        this.log.push('return');
        return { done: true, value: undefined };
      },
    };
  }

  close(): void {
    this.log.push('close');
  }
}

describe('a lazy body', () => {
  it('closes its source exactly once, after a normal end', async () => {
    const source = new Source('a', 'b');
    const exchange = await respond(() => source);
    expect(exchange.text).to.equal('ab');
    expect(source.log).to.deep.equal(['iterator', 'close']);
    await (await exchange.returned)?.close?.();
    expect(source.log).to.deep.equal(['iterator', 'close']);
  });

  it('returns the iterator before it closes the source, when it is stopped early', () => {
    const source = new Source('a', 'b');
    const body = hold(() => source);
    body.next();
    body.return();
    body.close();
    expect(source.log).to.deep.equal(['iterator', 'return', 'close']);
  });

  it('returns the iterator when a gateway knows close() only', () => {
    const source = new Source('a', 'b');
    const body = hold(() => source);
    body.next();
    body.close();
    expect(source.log).to.deep.equal(['iterator', 'return', 'close']);
  });

  it('closes a source that was never iterated', () => {
    const source = new Source('a');
    hold(() => source).close();
    expect(source.log).to.deep.equal(['close']);
  });

  it('does not return an iterator that threw, and closes its source', async () => {
    const source = new Source(new Error('broken'));
    await logged(50, async () => {
      expect((await respond(() => source)).status).to.equal('500 Internal Server Error');
    });
    expect(source.log).to.deep.equal(['iterator', 'close']);
  });

  it('returns an iterator whose part cannot be sent', async () => {
    const source = new Source({});
    await logged(50, () => respond(() => source));
    expect(source.log).to.deep.equal(['iterator', 'return', 'close']);
  });

  it('runs the finally of a generator when it is closed', () => {
    let ran = 0;
    const body = hold(function* () {
      try {
        yield 'a';
        yield 'b';
      } finally {
        ran++;
      }
    });
    body.next();
    body.close();
    body.close();
    expect(ran).to.equal(1);
    expect(body.next().done).to.equal(true);
  });

  it('runs the finally of an async generator when it is closed', async () => {
    let ran = 0;
    const body = hold(async function* () {
      try {
        yield 'a';
        yield 'b';
      } finally {
        await turn();
        ran++;
      }
    });
    await body.next();
    await body.close();
    await body.close();
    expect(ran).to.equal(1);
    expect((await body.next()).done).to.equal(true);
  });

  it('closes the source even if its iterator fails to return', () => {
    let closed = 0;
    const body = hold(() => ({
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 'a' }),
        return: () => {
          throw new Error('return failed');
        },
      }),
      close: () => closed++,
    }));
    body.next();
    expect(() => body.close()).to.throw('return failed');
    expect(closed).to.equal(1);
  });

  it('lets a failure after the first part go on to the gateway', async () => {
    const thrown = new Error('late');
    const body = hold(function* () {
      yield 'a';
      throw thrown;
    });
    body.next();
    expect(() => body.next()).to.throw(thrown);
    const later = hold(async function* () {
      yield 'a';
      throw thrown;
    });
    await later.next();
    expect(await later.next().catch((error: unknown) => error)).to.equal(thrown);
  });

  it('passes over empty parts, so that a failure after them is still a 500', async () => {
    await logged(50, async () => {
      const exchange = await respond(async function* () {
        yield '';
        yield null;
        throw new Error('x');
      });
      expect(exchange.status).to.equal('500 Internal Server Error');
    });
  });

  it('sends the head of a body without parts', async () => {
    const { status, text, calls } = await respond(function* (_environ, start_response) {
      start_response(201);
      yield* [];
    });
    expect({ status, text, calls }).to.deep.equal({ status: '201 Created', text: '', calls: 1 });
  });

  describe('over a stream', () => {
    it('destroys a stream that waits for data', async () => {
      const stream = new Readable({ read() {} });
      stream.push('a');
      const body = hold(() => stream);
      expect(String((await body.next()).value)).to.equal('a');
      const pending = body.next();
      await turn();
      body.return();
      await body.close();
      expect(stream.destroyed).to.equal(true);
      expect((await pending).done).to.equal(true);
    });

    it('destroys a stream that was never read', async () => {
      const stream = new Readable({ read() {} });
      await hold(() => stream).close();
      expect(stream.destroyed).to.equal(true);
    });

    it('survives a stream that fails before it is read', async () => {
      const stream = new Readable({ read() {} });
      const body = hold(() => stream);
      stream.destroy(new Error('early'));
      await turn();
      await logged(50, async () => {
        expect(String((await body.next()).value)).to.contain('Internal Server Error(500)');
      });
    });

    it('cancels a ReadableStream that waits for data', async () => {
      let cancelled = 0;
      const stream = new ReadableStream({ cancel: () => void cancelled++ });
      const body = hold(() => stream);
      const pending = body.next();
      await body.close();
      expect(cancelled).to.equal(1);
      expect((await pending).done).to.equal(true);
    });

    it('cancels a ReadableStream that was never read', async () => {
      let cancelled = 0;
      await hold(() => new ReadableStream({ cancel: () => void cancelled++ })).close();
      expect(cancelled).to.equal(1);
    });
  });

  describe('over read()', () => {
    it('closes the file once', async () => {
      let closed = 0;
      const blocks = ['a', 'b', ''];
      const exchange = await respond(() => ({ read: () => blocks.shift(), close: () => closed++ }));
      expect(exchange.text).to.equal('ab');
      expect(closed).to.equal(1);
    });

    it('closes a file whose first read fails', async () => {
      let closed = 0;
      const read = () => {
        throw new Error('EISDIR');
      };
      await logged(50, async () => {
        const exchange = await respond(() => ({ read, close: () => closed++ }));
        expect(exchange.status).to.equal('500 Internal Server Error');
      });
      expect(closed).to.equal(1);
    });

    it('survives a first read that is rejected and that nothing awaits', async () => {
      const rejections: unknown[] = [];
      const note = (reason: unknown) => void rejections.push(reason);
      process.on('unhandledRejection', note);
      await hold(() => ({ read: () => Promise.reject(new Error('x')) })).close();
      await turn();
      process.removeListener('unhandledRejection', note);
      expect(rejections).to.deep.equal([]);
    });
  });
});
