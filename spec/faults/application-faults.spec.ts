/** Applications that fail in every way they can: one answer, one line in the log, and no one else notices. */
import { expect } from 'chai';
import type { Application, Body, Environ, StartResponse } from '../../lib/environ/types.js';
import { RequestError } from '../../lib/errors.js';
import type { Server } from '../../lib/server/server.js';
import { LeakWatch } from '../support/leaks.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

/** What an application does that no type allows. */
type Fault = (environ: Environ, start_response: StartResponse) => unknown;

const BLOCK = Buffer.from('block');
const CUSTOM = Symbol.for('nodejs.util.inspect.custom');

function boom(): never {
  throw new Error('boom');
}

/** An object whose property throws when it is looked at. */
function trap<T extends object>(object: T, key: PropertyKey): T {
  return Object.defineProperty(object, key, { get: boom });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A body whose iterator does this at its second step. */
function second(step: () => unknown): object {
  let steps = 0;
  return {
    [Symbol.iterator]: () => ({ next: () => (steps++ === 0 ? { value: BLOCK, done: false } : step()) }),
  };
}

/** After `start_response`. */
function started(body: (start_response: StartResponse) => unknown): Fault {
  return (_environ, start_response) => {
    start_response('200 OK', []);
    return body(start_response);
  };
}

/** Nothing was sent when they fail: 500, and the connection closes. */
const UNANSWERED: Record<string, Fault> = {
  'throws before start_response': boom,
  'throws after start_response': started(boom),
  'rejects before start_response': async () => boom(),
  'rejects after start_response': started(async () => boom()),
  'throws a string': () => {
    throw 'boom';
  },
  'throws undefined': () => {
    throw undefined;
  },
  'rejects with null': () => Promise.reject(null),
  'throws a symbol': () => {
    throw Symbol('boom');
  },
  'throws a revoked proxy': () => {
    throw revoked();
  },
  'throws what cannot be shown': () => {
    throw Object.assign(new Error('boom'), { [CUSTOM]: boom });
  },
  'throws a RequestError with no status of an error': () => {
    throw new RequestError(100, 'Continue');
  },
  'throws a RequestError with a hostile status': () => {
    throw trap(new RequestError(400, 'Bad'), 'status');
  },
  'returns nothing': started(() => undefined),
  'returns null': started(() => null),
  'returns a number': started(() => 7),
  'returns a string': started(() => 'text'),
  'returns bytes': started(() => BLOCK),
  'returns a promise of a number': started(async () => 7),
  'returns a function': started(() => boom),
  'returns an object': started(() => ({})),
  'returns a revoked proxy': started(revoked),
  'returns a hostile then': started(() => trap({}, 'then')),
  // biome-ignore lint/suspicious/noThenProperty: such objects are what this is about.
  'returns a then that throws': started(() => ({ then: boom })),
  'returns a hostile iterator method': started(() => trap({}, Symbol.iterator)),
  'returns a hostile asynchronous iterator method': started(() => trap([BLOCK, BLOCK], Symbol.asyncIterator)),
  'returns a hostile length': started(() => trap(second(boom), 'length')),
  'returns an iterable without an iterator': started(() => ({ [Symbol.iterator]: () => null })),
  'has an iterator without next': started(() => ({ [Symbol.iterator]: () => ({}) })),
  'has a hostile next': started(() => ({ [Symbol.iterator]: () => trap({}, 'next') })),
  'has a next that returns null': started(() => ({ [Symbol.iterator]: () => ({ next: () => null }) })),
  'has a step with a hostile then': started(() => ({
    [Symbol.iterator]: () => ({ next: () => trap({}, 'then') }),
  })),
  'has a step with a hostile done': started(() => ({
    [Symbol.iterator]: () => ({ next: () => trap({}, 'done') }),
  })),
  'has a step with a hostile value': started(() => ({
    [Symbol.iterator]: () => ({ next: () => trap({ done: false }, 'value') }),
  })),
  'fails in its first step, with a hostile return': started(() => ({
    [Symbol.iterator]: () => trap({ next: () => ({ value: 5, done: false }) }, 'return'),
  })),
  'fails, with a hostile close': started(() => trap([5, 5], 'close')),
  'yields an object with a hostile constructor': started(() => [trap({}, 'constructor')]),
  'never calls start_response': () => [BLOCK],
  'gives start_response an object that cannot be shown': (_environ, start_response) => {
    start_response({ [CUSTOM]: boom } as unknown as string, []);
  },
  'gives write() a string': (_environ, start_response) => {
    start_response('200 OK', [])('text' as unknown as Uint8Array);
  },
  'never returns': () => new Promise(() => {}),
  'never yields': started(() => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) })),
};

/** The head is out when they fail: the client sees that the response was cut. */
const CUT: Record<string, Fault> = {
  'throws in its second step': started(() => second(boom)),
  'rejects in its second step': started(async function* () {
    yield BLOCK;
    boom();
  }),
  'has a second step with a hostile then': started(() => second(() => trap({}, 'then'))),
  'has a second step of nothing': started(() => second(() => undefined)),
  'yields a string': started(() => second(() => ({ value: 'text', done: false }))),
  'stops in the middle': started(async function* () {
    yield BLOCK;
    await new Promise(() => {});
  }),
  'throws after write()': (_environ, start_response) => {
    start_response('200 OK', [])(BLOCK);
    boom();
  },
  'gives write() text after bytes': (_environ, start_response) => {
    const write = start_response('200 OK', []);
    write(BLOCK);
    write('text' as unknown as Uint8Array);
  },
  'stays below its length': (_environ, start_response) => {
    start_response('200 OK', [['Content-Length', '9']]);
    return [BLOCK];
  },
};

/** The response is complete all the same. */
const ANSWERED: Record<string, Fault> = {
  'throws in close()': started(() => Object.assign([BLOCK], { close: boom })),
  'rejects in close()': started(() => Object.assign([BLOCK], { close: async () => boom() })),
  'has a hostile close': started(() => trap([BLOCK], 'close')),
  'has a hostile close in a promise': started(async () => trap([BLOCK], 'close')),
  'has a close() with a hostile then': started(() =>
    Object.assign([BLOCK], { close: () => trap({}, 'then') }),
  ),
  // biome-ignore-start lint/suspicious/noThenProperty: such objects are what this is about.
  'calls back twice': started(() => ({
    then: (resolve: (body: Body) => void) => {
      resolve([BLOCK]);
      resolve([BLOCK]);
    },
  })),
  'calls back both ways': started(() => ({
    then: (resolve: (body: Body) => void, reject: (error: Error) => void) => {
      resolve([BLOCK]);
      reject(new Error('boom'));
    },
  })),
  'calls back at once, ten thousand times': started(() => {
    let steps = 0;
    const next = () => ({
      then: (resolve: (step: unknown) => void) =>
        resolve(
          ++steps > 10_000 ? { done: true } : { value: steps === 1 ? BLOCK : Buffer.alloc(0), done: false },
        ),
    });
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }),
  // biome-ignore-end lint/suspicious/noThenProperty: as above.
  'calls start_response and write() when all is over': started((start_response) => {
    setImmediate(() => {
      expect(() => start_response('200 OK', [])(BLOCK)).to.throw('already called');
    });
    return [BLOCK];
  }),
};

describe('an application that', () => {
  let server: Server;
  const faults = { ...UNANSWERED, ...CUT, ...ANSWERED };

  const app: Application = (environ, start_response) => {
    const fault = faults[decodeURIComponent(environ.QUERY_STRING)];
    if (fault !== undefined) return fault(environ, start_response) as Body;
    start_response('200 OK', []);
    return [BLOCK];
  };

  before(async () => {
    server = await serveApp(app, { timeout: 0.5 });
  });

  afterEach(closePeers);
  after(closeServers);

  /** Sends it, and another request after it; a connection beside them is served before and after. */
  async function suffer(what: string) {
    const watch = await LeakWatch.begin(server);
    const beside = await Peer.connect(server.serverPort);
    await beside.send(request('/'));
    await beside.response();
    const peer = await Peer.connect(server.serverPort);
    const log = await captureLog(async () => {
      await peer.send(request(`/?${encodeURIComponent(what)}`));
      await peer.until(
        () => peer.ended || peer.text.endsWith('block') || peer.text.endsWith('0\r\n\r\n'),
        'an answer',
      );
    });
    await beside.send(request('/'));
    expect((await beside.responses(2))[1]?.status).to.equal(200);
    return { peer, log, watch };
  }

  for (const what of Object.keys(UNANSWERED)) {
    it(`${what} is answered with 500`, async () => {
      const { peer, log, watch } = await suffer(what);
      await peer.closed();
      const [response] = await peer.responses(1);
      expect(response).to.include({ status: 500, complete: true });
      expect(response?.body.toString()).not.to.match(/boom|Error:/);
      expect(log.match(/^ERROR:wsgi:/gm), log).to.have.length.at.least(1);
      closePeers();
      await watch.end();
    });
  }

  for (const what of Object.keys(CUT)) {
    it(`${what} has its response cut`, async () => {
      const { peer, log, watch } = await suffer(what);
      await peer.closed();
      expect(peer.text)
        .to.match(/^HTTP\/1\.1 200 /)
        .and.contain('block');
      expect(peer.text).not.to.match(/\r\n0\r\n\r\n$/);
      expect(log).to.match(/^(?:ERROR|WARNING):wsgi:/);
      closePeers();
      await watch.end();
    });
  }

  for (const what of Object.keys(ANSWERED)) {
    it(`${what} is answered, and its connection goes on`, async () => {
      const { peer, watch } = await suffer(what);
      await peer.send(request('/'));
      const responses = await peer.responses(2);
      expect(responses.map(({ status, body }) => `${status} ${body}`)).to.deep.equal([
        '200 block',
        '200 block',
      ]);
      closePeers();
      await watch.end();
    });
  }
});
