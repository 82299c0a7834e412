/** A backend of one's own: what it is asked, what it may do, and what its failures do to the server. */
import { createServer } from 'node:http';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { toFetchHandler } from '../../../lib/server/adapters/fetch/fetch-handler.js';
import { toNodeHandler } from '../../../lib/server/adapters/node/node-handler.js';
import type { ChannelsFactory, ChannelsOptions } from '../../../lib/server/channels/backend.js';
import { Wire } from '../../../lib/server/channels/wire.js';
import { makeServer } from '../../../lib/server/server.js';
import { type Channels, topics } from '../../../lib/topics.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';

const app: Application = (_environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('hello')];
};

/** What a backend was asked, and what it was given. */
function recorder(also: Partial<Channels> = {}) {
  const calls: string[] = [];
  const given: ChannelsOptions[] = [];
  const backend: Channels = {
    subscribe: (topic) => void calls.push(`subscribe ${topic}`),
    unsubscribe: (topic) => void calls.push(`unsubscribe ${topic}`),
    publish: (topic, message) => void calls.push(`publish ${topic} ${message}`),
    close: async () => void calls.push('close'),
    ...also,
  };
  const factory: ChannelsFactory = (options) => {
    given.push(options);
    return backend;
  };
  return { calls, given, factory };
}

/** A member of this process. */
function member(topic: string) {
  const got: (string | Buffer)[] = [];
  const one = {
    onPublication: ({ message }: { readonly message: string | Buffer }) => void got.push(message),
  };
  topics.join(topic, one);
  return { got, leave: () => topics.leave(topic, one) };
}

describe('a backend of channels', () => {
  afterEach(closeServers);

  it('is asked once for each topic with members, before and while it serves, and for what is published', async () => {
    const early = member('early');
    const { calls, factory } = recorder();
    await serveApp(app, { channels: factory });
    const [one, two] = [member('news'), member('news')];
    void topics.publish('news', 'hello');
    void topics.publish('nobody', 'is here');
    one.leave();
    two.leave();
    early.leave();
    await closeServers();
    void topics.publish('news', 'too late');
    expect(calls).to.deep.equal([
      'subscribe early',
      'subscribe news',
      'publish news hello',
      'publish nobody is here',
      'unsubscribe news',
      'unsubscribe early',
      'close',
    ]);
  });

  it('delivers to the members of this server, and is not asked to carry that', async () => {
    const { calls, given, factory } = recorder();
    await serveApp(app, { channels: factory });
    const { got, leave } = member('news');
    given[0]?.deliver('news', 'hello');
    given[0]?.deliver('news', new Uint8Array([1, 2]));
    given[0]?.deliver('nobody', 'is here');
    leave();
    expect(got).to.deep.equal(['hello', Buffer.from([1, 2])]);
    expect(calls).to.deep.equal(['subscribe news', 'unsubscribe news']);
  });

  it('can have messages packed: what is its own, and second copies, are not delivered', async () => {
    const { given, factory } = recorder();
    await serveApp(app, { channels: factory });
    const { got, leave } = member('news');
    const other = new Wire().pack('news', 'of another');
    const own = given[0]?.pack('news', 'its own') ?? Buffer.alloc(0);
    for (const frame of [own, other, other]) given[0]?.take(frame);
    leave();
    expect(got).to.deep.equal(['of another']);
  });

  it('says once that it got something else', async () => {
    const { given, factory } = recorder();
    await serveApp(app, { channels: factory });
    const log = await captureLog(async () => {
      for (const frame of ['hello', '{"v":9}']) given[0]?.take(Buffer.from(frame));
      given[0]?.take(new Wire().pack('all*', 'x'));
    });
    expect(log).to.match(/^WARNING:wsgi:A message of another server was dropped, and so are .*'hello'.*\n$/);
    expect(() => given[0]?.deliver('all*', 'x')).to.throw(TypeError, 'leave out the *');
  });

  it('is made once for all servers of a process, and closed with the last of them', async () => {
    const { calls, given, factory } = recorder();
    const [one, two] = [
      await serveApp(app, { channels: factory }),
      await serveApp(app, { channels: factory }),
    ];
    const { leave } = member('news');
    void topics.publish('news', 'hello');
    await one.close();
    leave();
    await two.close();
    expect(given).to.have.length(1);
    expect(calls).to.deep.equal(['subscribe news', 'publish news hello', 'unsubscribe news', 'close']);
    await serveApp(app, { channels: factory });
    expect(given).to.have.length(2);
  });

  it('may be slow to begin: the server waits for it', async () => {
    const { calls, factory } = recorder();
    let begun = false;
    await serveApp(app, {
      channels: async (options) => {
        await new Promise((resolve) => setImmediate(resolve));
        begun = true;
        return factory(options);
      },
    });
    expect(begun).to.equal(true);
    expect(calls).to.deep.equal([]);
  });

  it('keeps a server from starting that it cannot be made for', async () => {
    const failing: ChannelsFactory = () => {
      throw new Error('no such host');
    };
    for (const [channels, why] of [
      [failing, 'no such host'],
      [
        () => ({}),
        'must give an object with subscribe(), unsubscribe(), publish(), close(); subscribe() is missing in {}',
      ],
      [() => undefined, 'subscribe() is missing in undefined'],
      [() => ({ ...recorder(), subscribe() {}, unsubscribe() {}, publish() {} }), 'close() is missing'],
    ] as unknown as [ChannelsFactory, string][]) {
      const [result] = await Promise.allSettled([makeServer('127.0.0.1', 0, app, { channels })]);
      expect(result).to.have.nested.property('reason.message').that.includes(why);
    }
  });

  it('may fail: it is logged once until it works again, and topics go on here', async () => {
    let broken = true;
    const { calls, factory } = recorder({
      publish: async (_topic, message) => {
        if (broken) throw new Error(`cannot send ${message}`);
      },
      subscribe: () => {
        if (broken) throw new Error('cannot subscribe');
      },
    });
    await serveApp(app, { channels: factory });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const log = await captureLog(async () => {
      const { got, leave } = member('news');
      for (const message of ['one', 'two']) void topics.publish('news', message);
      await turn();
      broken = false;
      void topics.publish('news', 'three');
      await turn();
      broken = true;
      void topics.publish('news', 'four');
      await turn();
      leave();
      expect(got).to.deep.equal(['one', 'two', 'three', 'four']);
    });
    const errors = log.split('\n').filter((line) => line.startsWith('ERROR'));
    expect(errors).to.deep.equal([
      'ERROR:wsgi:What carries topics between servers failed: subscribe()',
      'ERROR:wsgi:What carries topics between servers failed: publish()',
      'ERROR:wsgi:What carries topics between servers failed: publish()',
    ]);
    expect(log)
      .to.include('cannot send one')
      .and.include('cannot send four')
      .and.not.include('cannot send two');
    expect(calls).to.deep.equal(['unsubscribe news']);
  });

  it('may fail to close: the server ends, and the log says so', async () => {
    const { factory } = recorder({ close: () => Promise.reject(new Error('still busy')) });
    const server = await serveApp(app, { channels: factory });
    const log = await captureLog(() => server.close());
    expect(log).to.include('What carries topics between servers: close() failed: Error: still busy');
  });

  it('is counted in the status, and tells there what only it knows', async () => {
    const state = { connected: false, lost: 2, dropped: 3 };
    const { given, factory } = recorder({ state: () => state });
    const server = await serveApp(app, { channels: factory, statusPath: '/-/status' });
    const { leave } = member('news');
    void topics.publish('news', 'one');
    given[0]?.deliver('news', 'two');
    given[0]?.deliver('news', 'three');
    expect(server.status?.read().channels).to.deep.equal({
      connected: 0,
      topics: 1,
      published: 1,
      received: 2,
      dropped: 3,
      lost: 2,
    });
    leave();
  });

  it('goes with toNodeHandler and toFetchHandler', async () => {
    const { calls, factory } = recorder();
    const handlers = [toNodeHandler(app, { channels: factory }), toFetchHandler(app, { channels: factory })];
    await Promise.all(handlers.map(({ ready }) => ready));
    void topics.publish('news', 'hello');
    for (const handler of handlers) await handler.close();
    expect(calls).to.deep.equal(['publish news hello', 'close']);
  });

  it('that cannot be made leaves a handler in another server as it is; `ready` and the log say so', async () => {
    const channels = () => {
      throw new Error('no such host');
    };
    let handler = toNodeHandler(app);
    const log = await captureLog(async () => {
      handler = toNodeHandler(app, { channels });
      const [ready] = await Promise.allSettled([handler.ready]);
      expect(ready).to.have.nested.property('reason.message', 'no such host');
    });
    expect(log).to.match(/^CRITICAL:wsgi:Topics do not reach other servers\nError: no such host/);
    const server = createServer(handler).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } });
    expect(await response.text()).to.equal('hello');
    server.close();
    await handler.close();
  });
});
