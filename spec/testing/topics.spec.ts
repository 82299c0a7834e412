/** Topics in `wsgi/testing`: members of a client are members like others. */
import { expect } from 'chai';
import { publish, subscribe, WSocketApp } from '../../lib/index.js';
import { Client } from '../../lib/testing/index.js';
import { topics } from '../../lib/topics.js';
import { until } from '../support/until.js';

const app = new WSocketApp();

app.route('/chat', async (environ) => {
  const wsock = environ['wsgi.websocket'];
  wsock?.subscribe('chat');
  await wsock?.send('in');
  for (let message = await wsock?.receive(); message; message = await wsock?.receive()) {
    await wsock?.publish('chat', message);
  }
});

app.route('/publish', (_environ, start_response) => {
  void app.publish('chat', 'from HTTP');
  start_response(204);
});

app.route('/events', async function* events(_environ, start_response) {
  start_response(200, { 'Content-Type': 'text/event-stream' });
  const messages = subscribe('events');
  yield 'begun\n';
  for await (const message of messages) yield `${message}\n`;
});

describe('topics in the client for tests', () => {
  it('reach its WebSockets', async () => {
    const client = new Client(app);
    const [one, two] = [await client.websocket('/chat'), await client.websocket('/chat')];
    for (const socket of [one, two]) expect(await socket.receive()).to.equal('in');
    await one.send('hello');
    expect(await two.receive()).to.equal('hello');
    await client.get('/publish');
    await publish('chat', Buffer.from('bytes'));
    for (const socket of [one, two]) {
      expect(await socket.receive()).to.equal('from HTTP');
      expect(await socket.receive()).to.deep.equal(Buffer.from('bytes'));
      await socket.close();
    }
    expect(topics.names).to.deep.equal([]);
  });

  it('reach a response that is streamed, which ends with its reader', async () => {
    const controller = new AbortController();
    const response = await new Client(app).get('/events', { stream: true, signal: controller.signal });
    const chunks = response[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).to.equal('begun\n');
    await publish('events', 'one');
    expect(String((await chunks.next()).value)).to.equal('one\n');
    controller.abort();
    await until(() => topics.names.length === 0);
  });

  describe('of an application that blocks', () => {
    it('reach its WebSocket while the script goes on', () => {
      const blocking = new WSocketApp<'blocking'>();
      blocking.route('/', (environ) => {
        const wsock = environ['wsgi.websocket'];
        wsock?.subscribe('chat');
        for (const message of wsock ?? []) wsock?.publish('chat', `${message}, others`);
      });
      const socket = new Client(blocking, { blocking: true }).websocket('/', {
        *messages() {
          void publish('chat', 'hello');
          yield 'to others';
          void publish('chat', 'again');
          yield 'to others';
        },
      });
      expect(socket.sent).to.deep.equal(['hello', 'again']);
      expect(topics.names).to.deep.equal([]);
    });

    it('give what it publishes itself, and do not wait for ever', () => {
      const blocking = new WSocketApp<'blocking'>();
      blocking.route('/', function* events(_environ, start_response) {
        start_response();
        const messages = subscribe('own');
        publish('own', 'one');
        for (const message of messages) yield String(message);
      });
      const client = new Client(blocking, { blocking: true });
      expect(() => client.get('/')).to.throw('subscribe() would wait for ever');
      expect(topics.names).to.deep.equal([]);
    });
  });
});
