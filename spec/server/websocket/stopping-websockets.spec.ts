/** What a stop does to WebSockets: the message in work is answered, nothing more is received, the handler cleans up. */
import { expect } from 'chai';
import { WSocketApp } from '../../../lib/app/wsocket-app.js';
import type { Application, WebSocket } from '../../../lib/environ/types.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';

/** Longer than any spec may take: where it is waited for, the spec fails. */
const PATIENT = { gracefulTimeout: 60 };

/** Serves one conversation, and a client of it. */
async function open(talk: (wsock: WebSocket) => unknown, options: object = PATIENT) {
  return openApp(async (environ) => {
    const wsock = environ['wsgi.websocket'];
    if (wsock !== undefined) await talk(wsock);
    return [];
  }, options);
}

async function openApp(app: Application, options: object = PATIENT) {
  const server = await serveApp(app, options);
  const client = await WebSocketClient.connect(server.serverPort);
  return {
    client,
    /** Stops the server; tells whether that has come to an end. */
    stop() {
      const state = { done: false, promise: server.close() };
      void state.promise.then(() => {
        state.done = true;
      });
      return state;
    },
  };
}

describe('a WebSocket, when the server stops', () => {
  afterEach(async () => {
    closeClients();
    await closeServers();
  });

  it('lets the handler answer the message that it works on, then ends with 1001', async () => {
    const [begun, go] = [gate(), gate()];
    const seen: unknown[] = [];
    const { client, stop } = await open(async (wsock) => {
      seen.push(await wsock.receive());
      begun.open();
      await go.promise;
      seen.push(wsock.closed, wsock.closeCode);
      await wsock.send('first');
      await wsock.send('second');
      seen.push(await wsock.receive(), wsock.closed, wsock.closeCode, wsock.closeReason);
      seen.push(await wsock.receive().catch((error: Error) => error.message));
    });
    client.client.send('in work');
    client.client.send('not received');
    await begun.promise;
    const stopped = stop();
    client.client.send('too late');
    go.open();
    expect([await client.next(), await client.next()]).to.deep.equal(['first', 'second']);
    expect((await client.closed).code).to.equal(1001);
    await stopped.promise;
    expect(seen).to.deep.equal([
      'in work',
      false,
      1001,
      null,
      true,
      1001,
      '',
      'Connection is already closed',
    ]);
  });

  it('drops what came and was not received, however much that is', async () => {
    const [begun, go] = [gate(), gate()];
    const seen: unknown[] = [];
    const { client, stop } = await open(async (wsock) => {
      for await (const message of wsock) {
        seen.push(message);
        begun.open();
        await go.promise;
        await wsock.send(`answer to ${message}`);
      }
    });
    client.client.send('first');
    await begun.promise;
    // More than the inbox holds: the connection is read no further.
    for (let i = 0; i < 500; i++) client.client.send('x'.repeat(10_000));
    const stopped = stop();
    go.open();
    expect(await client.next()).to.equal('answer to first');
    expect((await client.closed).code).to.equal(1001);
    await stopped.promise;
    expect(seen).to.deep.equal(['first']);
  });

  it('gives null at once to a handler that waits, and waits for what it does then', async () => {
    const save = gate();
    const seen: unknown[] = [];
    const { client, stop } = await open(async (wsock) => {
      try {
        for await (const message of wsock) seen.push(message);
      } finally {
        seen.push(wsock.closeCode);
        await save.promise;
        seen.push('saved');
      }
    });
    const stopped = stop();
    expect((await client.closed).code).to.equal(1001);
    expect(seen).to.deep.equal([1001]);
    expect(stopped.done).to.equal(false);
    save.open();
    await stopped.promise;
    expect(seen).to.deep.equal([1001, 'saved']);
  });

  it('ends with 1001 when the handler returns, with 1011 when it throws, with its own code when it closes', async () => {
    const ends: [act: (wsock: WebSocket) => void, code: number][] = [
      [() => {}, 1001],
      [
        () => {
          throw new Error('in the handler');
        },
        1011,
      ],
      [(wsock) => wsock.close(4000), 4000],
    ];
    for (const [act, code] of ends) {
      const go = gate();
      const { client, stop } = await open(async (wsock) => {
        wsock.accept();
        await go.promise;
        act(wsock);
      });
      await captureLog(async () => {
        const stopped = stop();
        go.open();
        expect((await client.closed).code).to.equal(code);
        await stopped.promise;
      });
    }
  });

  it('waits for a handler whose peer left before', async () => {
    const [gone, save] = [gate(), gate()];
    let saved = false;
    const { client, stop } = await open(async (wsock) => {
      for await (const _message of wsock);
      gone.open();
      await save.promise;
      saved = true;
    });
    await client.close(4000);
    await gone.promise;
    const stopped = stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stopped.done).to.equal(false);
    save.open();
    await stopped.promise;
    expect(saved).to.equal(true);
  });

  it('hands out no more of what a peer sent that has closed, whose code stays', async () => {
    const [begun, go] = [gate(), gate()];
    const seen: unknown[] = [];
    let socket: WebSocket | undefined;
    const { client, stop } = await open(async (wsock) => {
      socket = wsock;
      seen.push(await wsock.receive());
      begun.open();
      await go.promise;
      seen.push(await wsock.receive(), wsock.closeCode);
    });
    for (const message of ['one', 'two', 'three']) client.client.send(message);
    client.client.close(4000);
    await begun.promise;
    await until(() => socket?.closeCode === 4000, 'the close frame');
    const stopped = stop();
    go.open();
    await stopped.promise;
    expect(seen).to.deep.equal(['one', null, 4000]);
  });

  it('lets a peer close while the handler is at work', async () => {
    const [begun, go] = [gate(), gate()];
    const { client, stop } = await open(async (wsock) => {
      await wsock.receive();
      begun.open();
      await go.promise;
      await wsock.send('answer');
      expect(await wsock.receive()).to.equal(null);
      expect(wsock.closeCode).to.equal(1001);
    });
    client.client.send('question');
    await begun.promise;
    const stopped = stop();
    client.client.close(4000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    go.open();
    expect(await client.next()).to.equal('answer');
    await client.closed;
    await stopped.promise;
  });

  it('ends a handler that never receives again at gracefulTimeout, and says so', async () => {
    const begun = gate();
    const seen: unknown[] = [];
    const log = await captureLog(async () => {
      const { client, stop } = await open(
        async (wsock) => {
          await wsock.receive();
          begun.open();
          await new Promise(() => {});
        },
        { gracefulTimeout: 0.1 },
      );
      client.client.send('question');
      await begun.promise;
      await stop().promise;
      seen.push((await client.closed).code);
    });
    expect(seen).to.deep.equal([1006]);
    expect(log).to.match(/^WARNING:.* after 0\.1 s \(graceful-timeout\): 1 WebSocket\n$/);
  });

  describe('with the events of WSocketApp', () => {
    it('lets onmessage answer, then tells onclose, and waits for both', async () => {
      const [begun, go, save] = [gate(), gate(), gate()];
      const steps: unknown[] = [];
      const app = new WSocketApp();
      // It may go on for ever, and holds up nothing.
      app.onconnect.add(() => new Promise(() => {}));
      app.onmessage.add(async (message, client) => {
        steps.push(message);
        begun.open();
        await go.promise;
        await client.send(`answer to ${message}`);
      });
      app.onclose.add(async (_message, client) => {
        steps.push(['closed', client.closed, client.closeCode]);
        await save.promise;
        steps.push('saved');
      });
      const { client, stop } = await openApp(app);
      client.client.send('question');
      await begun.promise;
      const stopped = stop();
      client.client.send('too late');
      go.open();
      expect(await client.next()).to.equal('answer to question');
      expect((await client.closed).code).to.equal(1001);
      expect(stopped.done).to.equal(false);
      save.open();
      await stopped.promise;
      expect(steps).to.deep.equal(['question', ['closed', true, 1001], 'saved']);
    });

    it('ends at once where no message is in work', async () => {
      const closed = gate<unknown>();
      const app = new WSocketApp();
      app.onconnect.add((client) => client.send('hello'));
      app.onmessage.add((message, client) => client.send(message));
      app.onclose.add((_message, client) => closed.open(client.closeCode));
      const { client, stop } = await openApp(app);
      expect(await client.next()).to.equal('hello');
      client.client.send('a');
      expect(await client.next()).to.equal('a');
      await stop().promise;
      expect(await closed.promise).to.equal(1001);
      expect((await client.closed).code).to.equal(1001);
    });
  });
});
