import { expect } from 'chai';
import sinon from 'sinon';
import { Conversation, defaultEvents } from '../../lib/app/event-app.js';
import { closedError } from '../../lib/environ/websocket/error.js';
import { FakeSocket, logged, turn } from './support.js';

describe('Conversation', () => {
  let socket: FakeSocket;
  let events: ReturnType<typeof defaultEvents>;
  const start = () => new Conversation(socket.client, events).run();
  beforeEach(() => {
    socket = new FakeSocket();
    events = defaultEvents();
  });

  it('opens the socket, then tells the handlers', async () => {
    const calls: unknown[] = [];
    events.onconnect.add((client) => calls.push(['connect', client === socket.client, client.opened]));
    events.onmessage.add((message, client) => calls.push(['message', message, client === socket.client]));
    events.onclose.add((message, client) => calls.push(['close', message, client === socket.client]));
    const done = start();
    socket.arrive('a');
    socket.arrive(Buffer.from('b'));
    socket.arrive('');
    socket.closeReason = 'bye';
    socket.arrive(null);
    await done;
    expect(calls).to.deep.equal([
      ['connect', true, true],
      ['message', 'a', true],
      ['message', Buffer.from('b'), true],
      ['message', '', true],
      ['close', 'bye', true],
    ]);
  });

  it('goes on receiving while handlers are at work', async () => {
    const seen: unknown[] = [];
    events.onconnect.add(() => new Promise(() => {}));
    events.onmessage.add(async (message) => {
      seen.push(message);
      await new Promise(() => {});
    });
    const done = start();
    socket.arrive('a');
    socket.arrive('b');
    socket.arrive(null);
    await done;
    expect(seen).to.deep.equal(['a', 'b']);
  });

  it('lets a client wait that sends faster than handlers work', async () => {
    let seen = 0;
    const finish: (() => void)[] = [];
    events.onconnect.add(() => {});
    events.onmessage.add(() => {
      seen++;
      return new Promise<void>((resolve) => finish.push(resolve));
    });
    const done = start();
    for (let i = 0; i < 1500; i++) socket.arrive('x');
    socket.arrive(null);
    await turn();
    expect(seen).to.equal(1000);
    while (finish.length > 0) {
      finish.splice(0).forEach((resolve) => {
        resolve();
      });
      await turn();
    }
    await done;
    expect(seen).to.equal(1500);
  });

  it('goes on after a handler failed', async () => {
    const seen: unknown[] = [];
    events.onmessage.add(
      () => {
        throw new Error('broken');
      },
      (message) => seen.push(message),
    );
    const log = await logged(40, async () => {
      const done = start();
      socket.arrive('a');
      socket.arrive('b');
      socket.arrive(null);
      await done;
    });
    expect(seen).to.deep.equal(['a', 'b']);
    expect(log.match(/Error: broken/g)).to.have.length(2);
  });

  it('closes once when receive fails because the socket is gone', async () => {
    let closed = 0;
    events.onclose.add(() => closed++);
    socket.error = new Error('a mask is missing');
    socket.arrive(closedError('Connection is already closed'));
    await start();
    expect(closed).to.equal(1);
  });

  it('tells what went wrong on the connection', async () => {
    const reasons: string[] = [];
    events.onclose.add((message) => reasons.push(message));
    socket.error = new Error('a mask is missing');
    socket.arrive(null);
    await start();
    expect(reasons).to.deep.equal(['a mask is missing']);
  });

  it('throws what is not the end of a connection, after onclose', async () => {
    let closed = 0;
    events.onclose.add(() => closed++);
    const thrown = new TypeError('x');
    socket.arrive(thrown);
    expect(await Promise.resolve(start()).catch((error: unknown) => error)).to.equal(thrown);
    expect(closed).to.equal(1);
  });

  it('runs without a promise where receive returns the message, as in a blocking thread', () => {
    const messages = ['a', 'b', null];
    const seen: unknown[] = [];
    events.onconnect.add(() => {});
    events.onmessage.add((message) => seen.push(message));
    events.onclose.add((message) => seen.push(`closed ${message}`));
    const client = Object.assign(socket, { receive: () => messages.shift() as never });
    expect(new Conversation(client.client, events).run()).to.equal(undefined);
    expect(seen).to.deep.equal(['a', 'b', 'closed ']);
  });

  describe('by default', () => {
    let clock: sinon.SinonFakeTimers;
    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => clock.restore());

    it('greets, and echoes at once and after two seconds', async () => {
      const echo = { send: sinon.spy() };
      const { onconnect, onmessage } = defaultEvents();
      onconnect.emit(echo as never);
      const done = onmessage.emit('hi', { ...echo, closed: false } as never);
      await turn();
      expect(echo.send.args).to.deep.equal([['you connected'], ['you said: hi']]);
      await clock.tickAsync(1999);
      expect(echo.send.callCount).to.equal(2);
      await clock.tickAsync(1);
      await done;
      expect(echo.send.args[2]).to.deep.equal(['you said: hi']);
    });

    it('echoes bytes as they came', async () => {
      void start();
      socket.arrive(Buffer.from([1, 2]));
      await turn();
      expect(socket.sent).to.deep.equal(['you connected', Buffer.from([1, 2])]);
      socket.arrive(null);
    });

    it('says nothing more to a socket that was closed meanwhile', async () => {
      const log = await logged(20, async () => {
        const done = start();
        socket.arrive('hi');
        await turn();
        socket.closeReason = 'bye';
        socket.arrive(null);
        await done;
        await clock.tickAsync(2000);
      });
      expect(socket.sent).to.have.length(2);
      expect(log).to.equal('INFO:wsgi:client disconnected: bye\n');
    });
  });
});
