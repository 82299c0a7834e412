/** `fromPython` on CPython: an ordinary application, for servers, mounts and the client for tests. */
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { Client } from '../../lib/testing/client.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { until } from '../support/until.js';
import { behavesLikeWsgi } from './behaviour.js';

describe('fromPython', () => {
  const app = fromPython('behaviour:application', { chdir, python: 'python3', timeout: 0 });
  const client = new Client(app);
  before(async function () {
    requirePython(this);
    await app.ready;
  });
  after(() => app.close());

  it('says which Python runs, and how', async () => {
    const { implementation, version, summary } = await app.ready;
    expect(implementation).to.equal('CPython');
    expect(summary).to.equal(`CPython ${version}, 1 process of 8 threads`);
  });

  behavesLikeWsgi(() => app);

  it('lets threads of the application send and receive, and ends those that it leaves behind', async () => {
    const socket = await client.websocket('/threads');
    expect(await socket.receive()).to.equal('begin');
    expect(await socket.receive()).to.equal('from a thread');
    socket.send('answer');
    expect(await socket.receive()).to.equal('answer');
    expect((await client.get('/left-behind')).text).to.match(/WebSocketError|nothing/);
  });

  it('ends Python with close(), and starts it again for the next request', async () => {
    const other = fromPython('behaviour:application', { chdir, python: 'python3', threads: 1, workers: 2 });
    const pids = new Set<string>();
    await until(async () => {
      const found = await Promise.all([1, 2].map(() => new Client(other).get('/whoami')));
      for (const { text } of found) pids.add(text);
      return pids.size === 2;
    });
    await other.close();
    for (const pid of pids) expect(() => process.kill(Number(pid), 0)).to.throw();
    const again = (await new Client(other).get('/whoami')).text;
    expect(pids).to.not.include(again);
    await other.close();
  });

  it('says in one sentence what cannot be loaded, with the traceback of the application', async () => {
    const failure = async (target: string) => {
      const wrong = fromPython(target, { chdir, python: 'python3', threads: 1 });
      try {
        await wrong.ready;
        return 'loaded';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await failure('nowhere:app')).to.match(/There is no Python module nowhere/);
    expect(await failure('behaviour:nothing')).to.match(/behaviour has no nothing$/);
    expect(await failure('behaviour:PLAIN')).to.match(/PLAIN in behaviour is not callable: it is list/);
    expect(await failure('broken.py:app')).to.match(
      /broken failed while it was loading\nTraceback[\s\S]*ZeroDivisionError/,
    );
  });
});
