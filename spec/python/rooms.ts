/** Rooms whose members are in Python and in JavaScript (applications/rooms.py): what the specs of both runtimes ask. */
import { expect } from 'chai';
import { publish } from '../../lib/index.js';
import { dispatcher } from '../../lib/middleware/dispatcher.js';
import type { PythonApplication } from '../../lib/python/from-python.js';
import { topics } from '../../lib/topics.js';
import { closeReaders, EventReader, MemberClient, post } from '../server/topics/members.js';
import { app as javascript } from '../server/topics/site.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';
import { closeClients } from '../support/web-socket-client.js';

/** Python has no member any more. */
function unfollowed(): Promise<void> {
  return until(() => topics.names.length === 0, `no members of ${topics.names}`);
}

function joined(topic: string): Promise<void> {
  return until(() => topics.names.includes(topic), `a member of ${topic}`);
}

/** @param app made and loaded before the specs run, with three threads or more. */
export function sharesRooms(app: () => PythonApplication): void {
  const serve = (timeout = 0) =>
    serveApp(dispatcher(app(), { '/js': javascript }), { timeout, maxBacklog: 50_000 });

  afterEach(async () => {
    closeClients();
    closeReaders();
    await closeServers();
    await unfollowed();
  });

  it('joins WebSockets of Python and of JavaScript', async () => {
    const { serverPort: port } = await serve();
    const python = [await MemberClient.join(port, 'room'), await MemberClient.join(port, 'ro*')];
    const script = await MemberClient.connect(port, { path: '/js/' });
    await script.ask('join room');
    const [first, second] = python as [MemberClient, MemberClient];
    await first.ask('others room from Python');
    expect(await second.next()).to.equal('from Python');
    expect(await script.next()).to.equal('from Python');
    await script.ask('others room 0x00ff');
    for (const member of python) expect(await member.next()).to.deep.equal(Buffer.from([0, 255]));
    await second.ask('leave ro*');
    // To itself, before the answer of its handler.
    first.client.send('all room again');
    expect(await first.next()).to.equal('again');
    expect(await first.next()).to.equal('done all room again');
    expect(await script.next()).to.equal('again');
    await second.ask('nothing');
  });

  it('publishes from any handler, and gives messages to loops', async () => {
    const { serverPort: port } = await serve();
    const reader = new EventReader(port, '/events?news');
    expect(await reader.line()).to.equal('begun');
    expect(await post(port, 'news', 'from Python')).to.equal('published');
    expect(await reader.line()).to.equal('from Python');
    void publish('news', 'öäü \u{1f600}');
    expect(await reader.line()).to.equal('öäü \u{1f600}');
    void publish('news', Buffer.from('bytes'));
    expect(await reader.line()).to.equal('bytes');
    void publish('news', 'break');
    expect(await reader.line()).to.equal('left');
    await until(() => topics.names.join() === 'end', 'break to unsubscribe');
    void publish('end', '');
    expect(await reader.line()).to.equal('ended');
    expect(await reader.line()).to.equal(undefined);
  });

  it('lets a handler wait for a message longer than the time-out, until one comes or its own time is over', async () => {
    // Less than it waits below.
    const { address } = await serve(1);
    const ask = async (query: string) => (await fetch(`${address}/poll?${encodeURIComponent(query)}`)).text();
    expect(await ask('news|1.6')).to.equal('ended');
    const polled = ask('news');
    await joined('news');
    void publish('news', 'now');
    expect(await polled).to.equal('now');
  });

  it('ends a loop when its client leaves, before and after the head', async () => {
    const { serverPort: port } = await serve();
    for (const path of ['/poll?news', '/events?news']) {
      const reader = new EventReader(port, path);
      await joined('news');
      if (path.startsWith('/events')) await reader.line();
      reader.leave();
      await unfollowed();
    }
    // The threads are free again.
    const { serverPort } = await serve();
    const readers = [1, 2].map(() => new EventReader(serverPort, '/events?news'));
    for (const reader of readers) expect(await reader.line()).to.equal('begun');
  });

  it('ends a loop when the server stops', async () => {
    const { serverPort: port } = await serve();
    const reader = new EventReader(port, '/events?news');
    expect(await reader.line()).to.equal('begun');
    await Promise.all([
      closeServers(),
      (async () => {
        expect(await reader.line()).to.equal('left');
        expect(await reader.line()).to.equal('ended');
      })(),
    ]);
  });

  it('ends a loop that falls behind with SlowSubscriber', async () => {
    const { serverPort: port } = await serve();
    const reader = new EventReader(port, '/slow');
    expect(await reader.line()).to.equal('begun');
    await joined('read');
    for (let number = 0; number < 4; number++) await publish('flood', 'x'.repeat(30_000));
    void publish('read', 'now');
    expect(await reader.line()).to.equal('SlowSubscriber 503');
  });

  it('refuses what is no topic and no message, in the words of Python', async () => {
    const { address } = await serve();
    const log = await captureLog(async () => {
      const lines = (await (await fetch(`${address}/refusals`)).text()).split('\n');
      expect(lines[0]).to.match(/^TypeError: publish\(\) takes one topic, and 'all\*' .* leave out the \*$/);
      expect(lines[1]).to.equal("TypeError: A topic is a string of 1 to 1024 characters, not ''");
      expect(lines[2]).to.equal('TypeError: publish() takes text or bytes, not int');
      expect(lines[3]).to.match(/^TypeError: A topic is a string of 1 to 1024 characters, not 'x+'$/);
      expect(lines.slice(4)).to.deep.equal([
        "TypeError: A topic is a string of 1 to 1024 characters, not '\\ud800'",
        'ValueError: timeout must be a number of seconds, not -1.0',
      ]);
    });
    expect(log).to.equal('');
  });
}
