/** Handlers that run for too long, and threads that die: each takes down its own request only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { expect } from 'chai';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { Threads } from './support.js';

describe('a thread', () => {
  let threads: Threads;
  let log: string;
  before(async () => {
    log = join(temporaryFolder(), 'error.log');
    threads = await Threads.start({ timeout: 1, errorLogfile: log });
  });
  beforeEach(() => threads.clear());
  afterEach(closeClients);
  after(async () => {
    await threads.stop();
    removeTemporaryFolders();
  });

  const logged = () => readFileSync(log, 'utf8');
  const says = (pattern: RegExp) => until(() => pattern.test(logged()), `${pattern} in ${logged()}`);

  async function expectReplaced(path: string, pattern: RegExp): Promise<void> {
    const answer = await threads.fetch(path);
    expect(answer.status).to.equal(500);
    expect(await answer.text()).to.equal(
      '500 Internal Server Error\n\nThe server could not complete the request.\n',
    );
    await says(pattern);
    for (let i = 0; i < 4; i++) expect(await threads.text('/hello')).to.equal('hello');
  }

  for (const path of ['/loop', '/sleep', '/never']) {
    it(`is ended when its handler goes on for too long, and replaced (${path})`, () =>
      expectReplaced(path, new RegExp(`ERROR:wsgi:GET ${path}: The application sent nothing for 1 s`)));
  }

  it('that is ended after the head of a response leaves that cut short', async () => {
    const { responses, closed } = await threads.send('GET /loop-after-head HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(responses[0]?.body.toString()).to.equal('begun');
    expect(responses[0]?.complete).to.equal(false);
    expect(closed).to.equal(true);
    await says(/GET \/loop-after-head: The application sent nothing/);
    expect(await threads.text('/hello')).to.equal('hello');
  });

  it('may take as long as it likes with an open WebSocket', async () => {
    const client = await WebSocketClient.connect(threads.port, { path: '/ws-sleep' });
    await threads.wrote('sleeping');
    // The watch on handlers ends another one meanwhile.
    expect((await threads.fetch('/loop')).status).to.equal(500);
    expect((await threads.fetch('/loop')).status).to.equal(500);
    expect(client.client.readyState).to.equal(client.client.OPEN);
  });

  it('that calls process.exit() is replaced', () =>
    expectReplaced('/exit', /GET \/exit: The thread ended: .*exit\(3\)/));

  it('that dies of an error in a callback is replaced', () =>
    expectReplaced('/uncaught', /GET \/uncaught: The thread ended: Error: uncaught in a callback/));

  it('that runs out of memory is replaced', async () => {
    // For threads that start meanwhile: filling the gigabytes that are the default takes its time.
    setFlagsFromString('--max-old-space-size=256');
    const small = await Threads.start({ threads: 1, errorLogfile: log, timeout: 0 });
    setFlagsFromString('--max-old-space-size=0');
    expect((await small.fetch('/memory')).status).to.equal(500);
    await says(/GET \/memory: The thread ended: .*memory/);
    expect(await small.text('/hello')).to.equal('hello');
    await small.server.close();
  });

  it('goes on after an unhandled promise rejection, and logs it', async () => {
    expect(await threads.text('/reject')).to.equal('fine');
    await threads.fetch('/hello');
    await says(/Unhandled promise rejection\nError: nobody waits for this/);
  });

  it('may send messages of its own: they are not for the server', async () => {
    expect(await threads.text('/post-message')).to.equal('posted');
    for (let i = 0; i < 4; i++) expect(await threads.text('/hello')).to.equal('hello');
  });

  it('logs what a handler throws, with its stack', async () => {
    expect((await threads.fetch('/throw')).status).to.equal(500);
    await says(/Error in the application \(received \S+Z\)\nError: from the handler\n +at /);
  });
});
