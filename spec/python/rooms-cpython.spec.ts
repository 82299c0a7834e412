/** Rooms in Python, on CPython: members in two processes. */
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { EventReader, MemberClient } from '../server/topics/members.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { serveApp } from '../support/serve.js';
import { sharesRooms } from './rooms.js';

describe('rooms of Python, on CPython', () => {
  const app = fromPython('rooms:application', {
    chdir,
    python: 'python3',
    workers: 2,
    threads: 4,
    timeout: 1,
  });
  before(async function () {
    requirePython(this);
    await app.ready;
  });
  after(() => app.close());

  sharesRooms(() => app);

  it('has members in each process, and publishes from threads of the application', async () => {
    const { serverPort: port, address } = await serveApp(app);
    const members = [await MemberClient.join(port, 'room'), await MemberClient.join(port, 'room')];
    const pids = new Set<unknown>();
    for (const member of members) {
      member.client.send('pid');
      pids.add(await member.next());
    }
    expect(pids.size).to.equal(2);
    const reader = new EventReader(port, '/events?room');
    expect(await reader.line()).to.equal('begun');
    expect((await fetch(`${address}/beside?room`)).status).to.equal(200);
    for (const member of members) {
      expect(await member.next()).to.equal('text');
      expect(await member.next()).to.deep.equal(Buffer.from([0, 255]));
    }
    expect(await reader.line()).to.equal('text');
  });
});
