/** Responses that a test reads while the application still makes them. */
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { ClientDisconnected } from '../../lib/errors.js';
import { Client } from '../../lib/testing/client.js';
import { captureLog } from '../support/serve.js';

/** Counts without end, and notes what becomes of it. */
function counter(): { app: Application; log: string[] } {
  const log: string[] = [];
  const app: Application = (environ, start_response) => {
    environ['node.abort_signal'].addEventListener('abort', () => log.push('aborted'));
    start_response('200 OK', [['Content-Type', 'text/plain']]);
    return (function* () {
      try {
        for (let i = 0; ; i++) {
          log.push(`made ${i}`);
          yield Buffer.from(`${i}`);
        }
      } finally {
        log.push('closed');
      }
    })();
  };
  return { app, log };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was thrown',
    (error) => String(error),
  );
}

describe('a streamed response', () => {
  it('comes block by block, the application one block ahead', async () => {
    const { app, log } = counter();
    const response = await new Client(app).get('/', { stream: true });
    expect(response.status).to.equal('200 OK');
    expect(log).to.deep.equal(['made 0']);
    const seen: string[] = [];
    for await (const block of response) {
      seen.push(String(block));
      if (seen.length === 3) break;
    }
    expect(seen).to.deep.equal(['0', '1', '2']);
    expect(log).to.deep.equal(['made 0', 'made 1', 'made 2']);
    await response.close();
  });

  it('ends for the application when the test leaves', async () => {
    const { app, log } = counter();
    const response = await new Client(app).get('/', { stream: true });
    await response.close();
    expect(log).to.deep.equal(['made 0', 'aborted', 'closed']);
    const blocks = response[Symbol.asyncIterator]();
    expect(String((await blocks.next()).value)).to.equal('0');
    expect(await messageOf(blocks.next())).to.equal('ClientDisconnected: the client closed the connection');
    await response.close();
    expect(log).to.have.length(3);
  });

  it('can be read again from its start, and as a whole once it is there', async () => {
    const app: Application = async (_environ, start_response) => {
      start_response('200 OK', []);
      return [Buffer.from('a'), Buffer.from('b')];
    };
    const response = await new Client(app).get('/', { stream: true });
    expect(() => response.text).to.throw('await response.finished() first');
    expect(response.complete).to.equal(false);
    await response.finished();
    expect([response.text, response.complete]).to.deep.equal(['ab', true]);
    for (let i = 0; i < 2; i++) {
      const blocks: string[] = [];
      for await (const block of response) blocks.push(String(block));
      expect(blocks).to.deep.equal(['a', 'b']);
    }
  });

  it('throws what the application throws, after what came', async () => {
    const failure = new Error('as announced');
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      return (async function* () {
        yield Buffer.from('some');
        throw failure;
      })();
    };
    const response = await new Client(app).get('/', { stream: true });
    const blocks: string[] = [];
    try {
      for await (const block of response) blocks.push(String(block));
      expect.fail('nothing was thrown');
    } catch (error) {
      expect(error).to.equal(failure);
    }
    expect(blocks).to.deep.equal(['some']);
    expect(await messageOf(response.finished())).to.equal('Error: as announced');
  });

  it('is rejected where the application fails before its head', async () => {
    const app: Application = () => {
      throw new Error('as announced');
    };
    expect(await messageOf(new Client(app).get('/', { stream: true }))).to.equal('Error: as announced');
  });

  it('tells of a close() that fails, in finished() and in the log', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      return Object.assign([Buffer.from('a')], {
        close() {
          throw new Error('not closed');
        },
      });
    };
    const log = await captureLog(async () => {
      const response = await new Client(app).get('/', { stream: true });
      expect(await messageOf(response.finished())).to.equal('Error: not closed');
    });
    expect(log).to.include('not closed');
  });

  it('does not let write() go on before it is read', async () => {
    const log: string[] = [];
    const app: Application = async (_environ, start_response) => {
      const write = start_response('200 OK', []);
      for (const block of ['a', 'b', 'c']) {
        log.push(block);
        await write(Buffer.from(block));
      }
      return [];
    };
    const response = await new Client(app).get('/', { stream: true });
    await new Promise(setImmediate);
    expect(log).to.deep.equal(['a']);
    await response.finished();
    expect(log).to.deep.equal(['a', 'b', 'c']);
  });

  it('keeps the blocks of the application apart, whether or not it fills its buffer again', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      const buffer = Buffer.alloc(1);
      return (function* () {
        for (const letter of 'abc') {
          buffer.write(letter);
          yield buffer;
        }
      })();
    };
    const { blocks } = await new Client(app).get();
    expect(blocks.map(String)).to.deep.equal(['a', 'b', 'c']);
  });
});

describe('a client that leaves before it was answered', () => {
  it('takes only an AbortSignal as its signal', async () => {
    const signal = new AbortController() as unknown as AbortSignal;
    const message = await new Client(() => []).get('/', { signal }).catch(String);
    expect(message).to.include('signal is an AbortSignal, not AbortController');
  });

  it('fires node.abort_signal, and is told so', async () => {
    const client = new AbortController();
    const app: Application = (environ) =>
      new Promise((_, reject) => {
        environ['node.abort_signal'].addEventListener('abort', () =>
          reject(environ['node.abort_signal'].reason),
        );
        client.abort();
      });
    const error = await new Client(app)
      .get('/', { signal: client.signal })
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ClientDisconnected);
  });

  it('is not served at all where it left before the request', async () => {
    let called = false;
    const app: Application = (_environ, start_response) => {
      called = true;
      start_response('200 OK', []);
      return [];
    };
    const error = await new Client(app)
      .get('/', { signal: AbortSignal.abort() })
      .catch((thrown: unknown) => thrown);
    expect([(error as Error).name, called]).to.deep.equal(['AbortError', false]);
  });
});
