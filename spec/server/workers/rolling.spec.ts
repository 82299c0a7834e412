/** A rolling reload: what is new is served only when it serves, and what runs is finished by the old worker. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { killCommands } from '../../support/command.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { Crew, said } from './support.js';

describe('a reload of workers', function () {
  this.timeout(90_000);

  afterEach(() => {
    closePeers();
    closeClients();
  });
  after(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  let crew: Crew;
  let port = 0;
  const save = (name: string, text: string) => writeFileSync(join(crew.folder, name), text);

  before(async () => {
    crew = new Crew(['app.mjs:app', '-w', '2', '--graceful-timeout', '600'], {
      'wsgi.config.mjs': 'export const ident = "one";',
    });
    port = await crew.port();
    await crew.begins(2);
  });

  it('serves new code and configuration on the connections that there are', async () => {
    const peers = await Promise.all(Array.from({ length: 6 }, () => Peer.connect(port)));
    for (const peer of peers) await peer.send(request());
    for (const peer of peers) await peer.response();
    save('text.mjs', said('v1'));
    save('wsgi.config.mjs', 'export const ident = "two";');
    await crew.signal('SIGHUP', /Reloaded/);
    for (const peer of peers) await peer.send(request());
    for (const peer of peers) {
      const [, answer] = await peer.responses(2);
      expect(answer?.body.toString()).to.match(/^v1 /);
      expect(answer?.headers['server']).to.equal('two');
    }
    expect(crew.began).to.have.length(4);
  });

  it('goes on with the old when the new does not load, or its configuration does not check; says why once', async () => {
    const before = crew.serving;
    save('text.mjs', `throw new Error('broken'); ${said('')}`);
    await crew.signal('SIGHUP', /reload was given up/);
    save('text.mjs', said('v1'));
    save('wsgi.config.mjs', 'export const threads = "many";');
    await crew.signal('SIGHUP', /reload was given up/, 2);
    save('wsgi.config.mjs', 'export const ident = "two";');
    expect(crew.stderr.match(/broken/g)).to.have.length(1);
    expect(
      crew.stderr.match(/option threads must be a whole number from 0 to 1024, not 'many'/g),
    ).to.have.length(1);
    expect(crew.serving).to.deep.equal(before);
    expect((await crew.get()).text).to.equal('v1');
  });

  it('lets the old worker finish a request, a poll and a WebSocket message, and has one process more at most', async () => {
    const files = ['request', 'message'].map((name) => join(crew.folder, name)) as [string, string];
    const waiting = await Peer.connect(port);
    await waiting.send(request(`/waits?${files[0]}`));
    const clients = [await WebSocketClient.connect(port), await WebSocketClient.connect(port)] as const;
    clients[0].client.send(files[1]);
    expect(await clients[0].next()).to.equal('begun');
    await crew.says(/serves \/waits/);
    const count = crew.began.length;
    crew.child.kill('SIGHUP');
    await crew.begins(count + 1);
    writeFileSync(files[1], '');
    expect(await clients[0].next()).to.equal('answered');
    writeFileSync(files[0], '');
    expect((await waiting.response()).status).to.equal(200);
    for (const { closed } of clients) expect((await closed).code).to.equal(1012);
    await crew.begins(count + 2);
    await until(() => crew.serving.length === 2, 'two workers');
    expect(existsSync(files[0])).to.equal(true);
  });

  it('cuts and logs what runs longer than the graceful timeout', async () => {
    const short = new Crew(['app.mjs:app', '-w', '1', '--graceful-timeout', '1']);
    const peer = await Peer.connect(await short.port());
    await peer.send(request('/waits?never'));
    await short.says(/serves \/waits/);
    await short.signal('SIGHUP', /Reloaded/);
    await short.says(/ends what still runs after 1 s \(graceful-timeout\): 1 request/);
    await until(() => peer.ended, 'the end of the connection');
    await until(() => /has left|did not end in time/.test(short.stderr), 'the end of the worker');
    expect(short.stderr).not.to.match(/did not end in time/);
    expect((await short.get()).text).to.equal('v0');
  });

  it('reaches WebSockets in threads', async () => {
    const threaded = new Crew(['app.mjs:blocking', '-w', '1', '--threads', '2'], {});
    const client = await WebSocketClient.connect(await threaded.port());
    const file = join(threaded.folder, 'message');
    client.client.send(file);
    expect(await client.next()).to.equal('begun');
    await threaded.signal('SIGHUP', /Worker/, 2);
    writeFileSync(file, '');
    expect(await client.next()).to.equal('answered');
    expect((await client.closed).code).to.equal(1012);
  });
});
